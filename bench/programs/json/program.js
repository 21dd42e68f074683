function records(count) {
  const list = [];
  for (let i = 0; i < count; i++) {
    list.push({
      id: i,
      name: `user ${i}`,
      tags: ['a', 'b\n', 'ü'],
      score: i * 1.5,
      active: i % 2 === 0,
      address: { street: `Main Street ${i}`, city: null },
    });
  }
  return list;
}

function main() {
  let list = records(2500);
  let total = 0;
  for (let round = 0; round < 5; round++) {
    const text = JSON.stringify(list);
    list = JSON.parse(text);
    total += text.length;
  }
  let scores = 0;
  for (const record of list) scores += record.score;
  console.log(total, list.length, scores, list[9].address.street);
}

main();
