def escapes(cr, ci, limit):
    zr = 0
    zi = 0
    for _ in range(limit):
        squared_r = zr * zr
        squared_i = zi * zi
        if squared_r + squared_i > 4:
            return True
        zi = 2 * zr * zi + ci
        zr = squared_r - squared_i + cr
    return False


def inside(size, limit):
    count = 0
    for y in range(size):
        for x in range(size):
            if not escapes(2 * x / size - 1.5, 2 * y / size - 1, limit):
                count += 1
    return count


def main():
    print(inside(150, 100))


if __name__ == "__main__":
    main()
