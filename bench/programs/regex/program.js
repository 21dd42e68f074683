function log(lines) {
  const levels = ['INFO', 'WARN', 'ERROR', 'DEBUG'];
  const names = ['ann', 'bob', 'carla', 'dimitri', 'eve'];
  const list = [];
  for (let i = 0; i < lines; i++) {
    list.push(
      `2026-03-${(i % 28) + 1} ${levels[i % 4]} 10.0.${i % 256}.${(i * 7) % 256}` +
        ` user=${names[i % 5]}${i}@example.com took ${(i * 13) % 977}ms`,
    );
  }
  return list.join('\n');
}

function main() {
  const text = log(4000);
  console.log(text.match(/ERROR|WARN/g).length);
  console.log(text.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g).length);
  console.log(text.match(/[a-z]+\d+@[a-z]+\.com/g)[1234]);
  let slow = 0;
  for (const line of text.split('\n')) {
    const found = line.match(/took (\d+)ms$/);
    if (found !== null && Number(found[1]) > 500) slow++;
  }
  console.log(slow, text.replace(/user=(\w+)@/g, '<$1>').length);
}

main();
