function matrix(size, seed) {
  const rows = [];
  for (let i = 0; i < size; i++) {
    const row = [];
    for (let j = 0; j < size; j++) row.push((i * seed + j) % 10);
    rows.push(row);
  }
  return rows;
}

function multiply(a, b) {
  const size = a.length;
  const product = [];
  for (let i = 0; i < size; i++) {
    const row = [];
    for (let j = 0; j < size; j++) {
      let total = 0;
      for (let k = 0; k < size; k++) total += a[i][k] * b[k][j];
      row.push(total);
    }
    product.push(row);
  }
  return product;
}

function trace(m) {
  let total = 0;
  for (let i = 0; i < m.length; i++) total += m[i][i];
  return total;
}

function main() {
  console.log(trace(multiply(matrix(130, 3), matrix(130, 7))));
}

main();
