function text(words) {
  const syllables = ['ba', 'co', 'di', 'fu', 'ge', 'lo', 'ma', 'ni', 'ra', 'tu'];
  const list = [];
  let seed = 7;
  for (let i = 0; i < words; i++) {
    seed = (seed * 16807) % 2147483647;
    const first = syllables[seed % 10];
    const second = syllables[Math.floor(seed / 10) % 10];
    const third = syllables[Math.floor(seed / 100) % 10];
    list.push(first + second + third);
  }
  return list.join(' ');
}

function countWords(content) {
  const counts = {};
  for (const word of content.split(' ')) {
    if (counts[word] === undefined) counts[word] = 1;
    else counts[word]++;
  }
  return counts;
}

function main() {
  const counts = countWords(text(60000));
  const ranked = Object.entries(counts);
  ranked.sort((a, b) => (b[1] !== a[1] ? b[1] - a[1] : a[0] < b[0] ? -1 : 1));
  const top = ranked.slice(0, 3).map((entry) => `${entry[0]}=${entry[1]}`);
  console.log(ranked.length, top.join(' '));
}

main();
