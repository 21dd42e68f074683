class Node:
    def __init__(self, value):
        self.value = value
        self.next = None


class Task:
    def __init__(self, cost):
        self.cost = cost


class Queue:
    def __init__(self):
        self.head = None
        self.tail = None
        self.size = 0

    def put(self, value):
        node = Node(value)
        if self.tail is None:
            self.head = node
        else:
            self.tail.next = node
        self.tail = node
        self.size += 1

    def take(self):
        node = self.head
        self.head = node.next
        if self.head is None:
            self.tail = None
        self.size -= 1
        return node.value


class Worker:
    def __init__(self, id):
        self.id = id
        self.done = 0

    def work(self, task):
        self.done += task.cost
        return Task(task.cost - 3) if task.cost > 3 else None


def main():
    queue = Queue()
    workers = [Worker(i) for i in range(5)]
    for i in range(40000):
        queue.put(Task(i % 11 + 1))
    turn = 0
    while queue.size > 0:
        rest = workers[turn % 5].work(queue.take())
        if rest is not None:
            queue.put(rest)
        turn += 1
    print(turn, " ".join(str(worker.done) for worker in workers))


if __name__ == "__main__":
    main()
