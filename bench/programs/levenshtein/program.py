def distance(a, b):
    previous = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        current = [i]
        for j in range(1, len(b) + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost))
        previous = current
    return previous[len(b)]


def main():
    a = "kitten sitting on a mitten " * 15
    b = "sitting kitten in the kitchen " * 15
    print(distance(a, b))


if __name__ == "__main__":
    main()
