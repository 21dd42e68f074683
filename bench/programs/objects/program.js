class Queue {
  head = null;
  tail = null;
  size = 0;

  put(value) {
    const node = { value, next: null };
    if (this.tail === null) this.head = node;
    else this.tail.next = node;
    this.tail = node;
    this.size += 1;
  }

  take() {
    const node = this.head;
    this.head = node.next;
    if (this.head === null) this.tail = null;
    this.size -= 1;
    return node.value;
  }
}

class Worker {
  done = 0;

  constructor(id) {
    this.id = id;
  }

  work(task) {
    this.done += task.cost;
    return task.cost > 3 ? { cost: task.cost - 3 } : null;
  }
}

function main() {
  const queue = new Queue();
  const workers = [];
  for (let i = 0; i < 5; i++) workers.push(new Worker(i));
  for (let i = 0; i < 40000; i++) queue.put({ cost: (i % 11) + 1 });
  let turn = 0;
  while (queue.size > 0) {
    const rest = workers[turn % 5].work(queue.take());
    if (rest !== null) queue.put(rest);
    turn++;
  }
  console.log(turn, workers.map((worker) => worker.done).join(' '));
}

main();
