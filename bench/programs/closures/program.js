function counter(start) {
  let n = start;
  return () => {
    n += 1;
    return n;
  };
}

function adder(amount) {
  return (x) => x + amount;
}

function compose(f, g) {
  return (x) => f(g(x));
}

function range(count) {
  return Array.from({ length: count }, (_, i) => i);
}

function main() {
  let total = 0;
  const next = counter(0);
  const step = compose(adder(3), adder(4));
  for (let round = 0; round < 20; round++) {
    total += range(5000)
      .map((x) => x * 3 + round)
      .filter((x) => x % 2 === 0)
      .map(step)
      .reduce((sum, x) => sum + x, 0);
    for (let i = 0; i < 5000; i++) total += next() % 3;
  }
  console.log(total);
}

main();
