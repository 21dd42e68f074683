// A session that holds one of everything that a session can hold, and what it must answer wherever its state has been.

/** Makes it. */
export const everything = `
counter(){ n = 0; return {up: () => { n = n + 1; return n }, now: () => n} }
pair = counter(); pair.up(); pair.up()
const fixed = [1, [2, {three: 3}]]
ring = {name: "ring"}; ring.self = ring; ring.list = [ring, fixed]
module shapes { export area(w, h) = w * h; factor = 7; export scaled(x) = x * factor }
import shapes::{area as size}
dict_set("greeting", "Hello {}!"); dict_use("other"); dict_set("only", "here")
remember("point", {x: 1, y: ring})
birthday = new Date("2001-02-03T04:05:06.789Z")
pattern = /(\\w)(\\d+)/g
line = channel(2); send(line, ring)
board = shared("board"); shared_set(board, "key", fixed)
failed = try_call(() => null.x, e => e)
undecided = ∅
print = x => "mine: " + x
write("kept.txt", "in a file")
mkdir("folder"); write("folder/more.txt", "deeper")
Math.seed(5); random()
"made"`;

/** Answers the same wherever the state is the same; it changes nothing. */
export const probe = `[
  pair.now(), fixed[1][1].three, ring.self === ring, ring.list[0] === ring, ring.list[1] === fixed,
  shapes.area(2, 3), size(2, 4), shapes.scaled(2), dict_name(), :only, recall("point").y === ring,
  birthday.toISOString(), pattern.source, typeof line, shared_get(shared("board"), "key") === fixed,
  failed.type, failed.line, typeof undecided, print("x"), read("kept.txt"), read("folder/more.txt")
]`;

/** Changes a variable that two closures share; gives what the other one sees. */
export const step = 'pair.up(); pair.now()';
