def matrix(size, seed):
    rows = []
    for i in range(size):
        row = []
        for j in range(size):
            row.append((i * seed + j) % 10)
        rows.append(row)
    return rows


def multiply(a, b):
    size = len(a)
    product = []
    for i in range(size):
        row = []
        for j in range(size):
            total = 0
            for k in range(size):
                total += a[i][k] * b[k][j]
            row.append(total)
        product.append(row)
    return product


def trace(m):
    total = 0
    for i in range(len(m)):
        total += m[i][i]
    return total


def main():
    print(trace(multiply(matrix(130, 3), matrix(130, 7))))


if __name__ == "__main__":
    main()
