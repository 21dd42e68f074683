let total = 0;
let i = 0;
while (i < 1000000) {
  if (i % 3 === 0) {
    total = total + i;
  } else {
    total = total - 1;
  }
  i = i + 1;
}
console.log(total);
