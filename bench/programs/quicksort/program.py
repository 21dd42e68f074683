def numbers(count):
    values = []
    seed = 42
    for _ in range(count):
        seed = (seed * 16807) % 2147483647
        values.append(seed % 100000)
    return values


def quicksort(values, low, high):
    if low >= high:
        return
    pivot = values[(low + high) // 2]
    i = low
    j = high
    while i <= j:
        while values[i] < pivot:
            i += 1
        while values[j] > pivot:
            j -= 1
        if i <= j:
            values[i], values[j] = values[j], values[i]
            i += 1
            j -= 1
    quicksort(values, low, j)
    quicksort(values, i, high)


def main():
    values = numbers(60000)
    quicksort(values, 0, len(values) - 1)
    checksum = 0
    for value in values:
        checksum = (checksum * 31 + value) % 1000003
    print(values[0], values[30000], values[59999], checksum)


if __name__ == "__main__":
    main()
