from math import sqrt


def element(i, j):
    return 1 / ((i + j) * (i + j + 1) / 2 + i + 1)


def multiply(vector):
    result = []
    for i in range(len(vector)):
        total = 0
        for j in range(len(vector)):
            total += element(i, j) * vector[j]
        result.append(total)
    return result


def multiply_transposed(vector):
    result = []
    for i in range(len(vector)):
        total = 0
        for j in range(len(vector)):
            total += element(j, i) * vector[j]
        result.append(total)
    return result


def main():
    u = [1] * 100
    v = []
    for _ in range(10):
        v = multiply_transposed(multiply(u))
        u = multiply_transposed(multiply(v))
    vBv = 0
    vv = 0
    for i in range(len(u)):
        vBv += u[i] * v[i]
        vv += v[i] * v[i]
    print(f"{sqrt(vBv / vv):.9f}")


if __name__ == "__main__":
    main()
