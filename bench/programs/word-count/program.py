def text(words):
    syllables = ["ba", "co", "di", "fu", "ge", "lo", "ma", "ni", "ra", "tu"]
    values = []
    seed = 7
    for _ in range(words):
        seed = (seed * 16807) % 2147483647
        first = syllables[seed % 10]
        second = syllables[seed // 10 % 10]
        third = syllables[seed // 100 % 10]
        values.append(first + second + third)
    return " ".join(values)


def count_words(content):
    counts = {}
    for word in content.split(" "):
        if word not in counts:
            counts[word] = 1
        else:
            counts[word] += 1
    return counts


def main():
    counts = count_words(text(60000))
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    print(len(ranked), " ".join(f"{word}={count}" for word, count in ranked[:3]))


if __name__ == "__main__":
    main()
