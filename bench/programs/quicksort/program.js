function numbers(count) {
  const list = [];
  let seed = 42;
  for (let i = 0; i < count; i++) {
    seed = (seed * 16807) % 2147483647;
    list.push(seed % 100000);
  }
  return list;
}

function quicksort(list, low, high) {
  if (low >= high) return;
  const pivot = list[Math.floor((low + high) / 2)];
  let i = low;
  let j = high;
  while (i <= j) {
    while (list[i] < pivot) i++;
    while (list[j] > pivot) j--;
    if (i <= j) {
      const held = list[i];
      list[i] = list[j];
      list[j] = held;
      i++;
      j--;
    }
  }
  quicksort(list, low, j);
  quicksort(list, i, high);
}

function main() {
  const list = numbers(60000);
  quicksort(list, 0, list.length - 1);
  let checksum = 0;
  for (let i = 0; i < list.length; i++) checksum = (checksum * 31 + list[i]) % 1000003;
  console.log(list[0], list[30000], list[59999], checksum);
}

main();
