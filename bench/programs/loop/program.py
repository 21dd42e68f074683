def collatz_longest(limit):
    longest = 0
    start = 0
    for i in range(1, limit):
        n = i
        steps = 0
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        if steps > longest:
            longest = steps
            start = i
    return start, longest


def main():
    start, longest = collatz_longest(20000)
    print(start, longest)


if __name__ == "__main__":
    main()
