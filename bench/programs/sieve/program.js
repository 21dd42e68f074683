function sieve(limit) {
  const composite = new Array(limit + 1).fill(false);
  let count = 0;
  for (let i = 2; i <= limit; i++) {
    if (!composite[i]) {
      count++;
      for (let j = i * i; j <= limit; j += i) composite[j] = true;
    }
  }
  return count;
}

function main() {
  console.log(sieve(700000));
}

main();
