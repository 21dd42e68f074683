function build(depth) {
  if (depth === 0) return { left: null, right: null };
  return { left: build(depth - 1), right: build(depth - 1) };
}

function count(tree) {
  if (tree.left === null) return 1;
  return 1 + count(tree.left) + count(tree.right);
}

function main() {
  let total = 0;
  for (let i = 0; i < 24; i++) total += count(build(12));
  console.log(total);
}

main();
