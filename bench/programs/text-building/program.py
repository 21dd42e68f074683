def caesar(text, shift):
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    result = ""
    for i in range(len(text)):
        place = alphabet.find(text[i])
        if place < 0:
            result += text[i]
        else:
            result += alphabet[(place + shift) % 26]
    return result


def report(rows):
    result = ""
    for i in range(rows):
        result += f"row {i}: {i * 2}\n"
    return result


def vowels(text):
    count = 0
    for letter in text:
        if letter == "a" or letter == "e" or letter == "i" or letter == "o" or letter == "u":
            count += 1
    return count


def main():
    message = "the quick brown fox jumps over the lazy dog " * 1200
    coded = caesar(message, 7)
    print(coded[:20], len(coded), len(report(20000)), vowels(caesar(coded, 19)))


if __name__ == "__main__":
    main()
