import re


def log(lines):
    levels = ["INFO", "WARN", "ERROR", "DEBUG"]
    names = ["ann", "bob", "carla", "dimitri", "eve"]
    values = []
    for i in range(lines):
        values.append(
            f"2026-03-{i % 28 + 1} {levels[i % 4]} 10.0.{i % 256}.{i * 7 % 256}"
            f" user={names[i % 5]}{i}@example.com took {i * 13 % 977}ms"
        )
    return "\n".join(values)


def main():
    text = log(4000)
    print(len(re.findall(r"ERROR|WARN", text)))
    print(len(re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)))
    print(re.findall(r"[a-z]+\d+@[a-z]+\.com", text)[1234])
    slow = 0
    for line in text.split("\n"):
        found = re.search(r"took (\d+)ms$", line)
        if found is not None and int(found[1]) > 500:
            slow += 1
    print(slow, len(re.sub(r"user=(\w+)@", r"<\1>", text)))


if __name__ == "__main__":
    main()
