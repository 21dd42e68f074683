function collatzLongest(limit) {
  let longest = 0;
  let start = 0;
  for (let i = 1; i < limit; i++) {
    let n = i;
    let steps = 0;
    while (n !== 1) {
      if (n % 2 === 0) n = n / 2;
      else n = 3 * n + 1;
      steps++;
    }
    if (steps > longest) {
      longest = steps;
      start = i;
    }
  }
  return [start, longest];
}

function main() {
  const [start, longest] = collatzLongest(20000);
  console.log(start, longest);
}

main();
