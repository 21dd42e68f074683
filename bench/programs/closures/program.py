from functools import reduce


def counter(start):
    n = start

    def advance():
        nonlocal n
        n += 1
        return n

    return advance


def adder(amount):
    return lambda x: x + amount


def compose(f, g):
    return lambda x: f(g(x))


def main():
    total = 0
    advance = counter(0)
    step = compose(adder(3), adder(4))
    for turn in range(20):
        tripled = map(lambda x: x * 3 + turn, range(5000))
        even = filter(lambda x: x % 2 == 0, tripled)
        total += reduce(lambda sum, x: sum + x, map(step, even), 0)
        for _ in range(5000):
            total += advance() % 3
    print(total)


if __name__ == "__main__":
    main()
