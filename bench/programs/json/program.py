import json


def records(count):
    values = []
    for i in range(count):
        values.append({
            "id": i,
            "name": f"user {i}",
            "tags": ["a", "b\n", "ü"],
            "score": int(i * 1.5) if i % 2 == 0 else i * 1.5,
            "active": i % 2 == 0,
            "address": {"street": f"Main Street {i}", "city": None},
        })
    return values


def main():
    values = records(2500)
    total = 0
    for _ in range(5):
        text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
        values = json.loads(text)
        total += len(text)
    scores = 0
    for record in values:
        scores += record["score"]
    print(total, len(values), int(scores), values[9]["address"]["street"])


if __name__ == "__main__":
    main()
