function escapes(cr, ci, limit) {
  let zr = 0;
  let zi = 0;
  for (let n = 0; n < limit; n++) {
    const squaredR = zr * zr;
    const squaredI = zi * zi;
    if (squaredR + squaredI > 4) return true;
    zi = 2 * zr * zi + ci;
    zr = squaredR - squaredI + cr;
  }
  return false;
}

function inside(size, limit) {
  let count = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!escapes((2 * x) / size - 1.5, (2 * y) / size - 1, limit)) count++;
    }
  }
  return count;
}

function main() {
  console.log(inside(150, 100));
}

main();
