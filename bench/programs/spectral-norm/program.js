function element(i, j) {
  return 1 / (((i + j) * (i + j + 1)) / 2 + i + 1);
}

function multiply(vector) {
  const result = [];
  for (let i = 0; i < vector.length; i++) {
    let total = 0;
    for (let j = 0; j < vector.length; j++) total += element(i, j) * vector[j];
    result.push(total);
  }
  return result;
}

function multiplyTransposed(vector) {
  const result = [];
  for (let i = 0; i < vector.length; i++) {
    let total = 0;
    for (let j = 0; j < vector.length; j++) total += element(j, i) * vector[j];
    result.push(total);
  }
  return result;
}

function main() {
  let u = new Array(100).fill(1);
  let v = [];
  for (let step = 0; step < 10; step++) {
    v = multiplyTransposed(multiply(u));
    u = multiplyTransposed(multiply(v));
  }
  let vBv = 0;
  let vv = 0;
  for (let i = 0; i < u.length; i++) {
    vBv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  console.log(Math.sqrt(vBv / vv).toFixed(9));
}

main();
