class Tree:
    def __init__(self, left, right):
        self.left = left
        self.right = right


def build(depth):
    if depth == 0:
        return Tree(None, None)
    return Tree(build(depth - 1), build(depth - 1))


def count(tree):
    if tree.left is None:
        return 1
    return 1 + count(tree.left) + count(tree.right)


def main():
    total = 0
    for _ in range(24):
        total += count(build(12))
    print(total)


if __name__ == "__main__":
    main()
