function caesar(text, shift) {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz';
  let result = '';
  for (let i = 0; i < text.length; i++) {
    const place = alphabet.indexOf(text[i]);
    if (place < 0) result += text[i];
    else result += alphabet[(place + shift) % 26];
  }
  return result;
}

function report(rows) {
  let result = '';
  for (let i = 0; i < rows; i++) {
    result += `row ${i}: ${i * 2}\n`;
  }
  return result;
}

function vowels(text) {
  let count = 0;
  for (const letter of text) {
    if (letter === 'a' || letter === 'e' || letter === 'i' || letter === 'o' || letter === 'u') {
      count++;
    }
  }
  return count;
}

function main() {
  const message = 'the quick brown fox jumps over the lazy dog '.repeat(1200);
  const coded = caesar(message, 7);
  console.log(coded.slice(0, 20), coded.length, report(20000).length, vowels(caesar(coded, 19)));
}

main();
