#!/usr/bin/env python3
"""Writes the shop's data: customers.csv (one row a customer, orders summed up) and orders.csv (one row an order).

The same arguments always write the same bytes, on every machine: each value is drawn from a hash of the seed and its
place, so neither Python's version nor the number of rows moves it.

    generate.py                                          10,000 customers beside this script
    generate.py --rows 500 --out /tmp/shop               fewer, elsewhere
    generate.py --edit 100 --add 10 --remove 10 --seed 7 the same shop a day later

An edit always changes a column that `customer_profiles` sends; every third one also brings an order.
"""

import argparse
import csv
import datetime
import hashlib
import pathlib

BASE_SEED = 2026
TODAY = datetime.date(2026, 9, 30)

# Country: calling code, language, given names, family names, (city, postal code) pairs.
COUNTRIES = {
    "SE": ("46", "sv", ["Åsa", "Björn", "Elin", "Gustav", "Ingrid", "Nils", "Saga", "Östen", "Linnéa", "Oskar"],
           ["Åkesson", "Bergström", "Lindqvist", "Söderberg", "Nyström", "af Klint", "Öberg", "Holm"],
           [("Stockholm", "11122"), ("Göteborg", "41104"), ("Malmö", "21120"), ("Umeå", "90326")]),
    "NO": ("47", "no", ["Bjørn", "Solveig", "Håkon", "Ragnhild", "Sindre", "Åse", "Eirik", "Maren"],
           ["Hansen", "Bjørnstad", "Østby", "Nygård", "Lie", "Dahl", "Kvåle"],
           [("Oslo", "0152"), ("Bergen", "5003"), ("Tromsø", "9008"), ("Sandvika", "0301")]),
    "DK": ("45", "da", ["Søren", "Mette", "Rasmus", "Freja", "Jørgen", "Ane", "Kåre", "Sofie"],
           ["Sørensen", "Møller", "Kjær", "Nørgaard", "Holst", "Bruun"],
           [("København", "1050"), ("Aarhus", "8000"), ("Høje Taastrup", "0800"), ("Odense", "5000")]),
    "FI": ("358", "fi", ["Aino", "Väinö", "Eero", "Päivi", "Ilmari", "Sanni", "Jyrki", "Venla"],
           ["Virtanen", "Mäkinen", "Hämäläinen", "Koskela", "Räsänen", "Niemi"],
           [("Helsinki", "00100"), ("Espoo", "02100"), ("Tampere", "33100"), ("Vantaa", "01300")]),
    "DE": ("49", "de", ["Jürgen", "Anneliese", "Lukas", "Käthe", "Götz", "Mia", "Jan-Peter", "Zoë"],
           ["Müller", "Weiß", "Schröder", "von der Heide", "Köhler", "Groß"],
           [("Dresden", "01067"), ("Leipzig", "04109"), ("Hamburg", "20095"), ("Lübeck", "23552")]),
    "FR": ("33", "fr", ["Chloé", "Benoît", "Aurélie", "François", "Anaïs", "Maël", "Jean-Luc", "Noëlle"],
           ["Lefèvre", "Garçon", "d'Aubigné", "Moreau", "Béranger", "Le Goff"],
           [("Nice", "06000"), ("Bourg-en-Bresse", "01000"), ("Lyon", "69002"), ("Besançon", "25000")]),
}
# As often as the shop sells there.
SHARES = ["SE"] * 40 + ["NO"] * 15 + ["DK"] * 15 + ["FI"] * 14 + ["DE"] * 10 + ["FR"] * 6
INTERESTS = ["running", "yoga", "trail", "skiing", "climbing", "swimming", "cycling", "outlet"]
STORES = ["Stockholm City", "Göteborg Nordstan", "Oslo Grünerløkka", "København K", "Helsinki Kamppi", "Online"]
# Names that trip up readers of CSV: a comma, quotes, an apostrophe, a family name that reads as NULL.
AWKWARD = [("Karl", "Ek, jr"), ('Anna "Nan"', "Ström"), ("Seán", "O'Brien"), ("Erik", "Null"), ("Zoé 🎿", "Smith")]

CUSTOMER_COLUMNS = [
    "customer_id", "email", "phone", "first_name", "last_name", "language", "country_code", "city", "zip", "birth_date",
    "accepts_email", "accepts_sms", "interests", "favourite_store", "churn_score", "orders_count", "ltv_eur",
    "last_order_at",
]
ORDER_COLUMNS = ["order_id", "customer_id", "ordered_at", "amount_eur"]


class Draw:
    """Values that depend on the seed and the labels alone."""

    def __init__(self, *labels):
        self.prefix = "/".join(map(str, labels))

    def number(self, label, below):
        digest = hashlib.blake2b(f"{self.prefix}/{label}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % below

    def pick(self, label, values):
        return values[self.number(label, len(values))]

    def percent(self, label):
        return self.number(label, 100)


def customer(number):
    draw = Draw(BASE_SEED, "customer", number)
    country = draw.pick("country", SHARES)
    code, language, given, family, _ = COUNTRIES[country]
    first, last = draw.pick("first", given), draw.pick("last", family)
    if draw.number("awkward", 400) == 0:
        first, last = draw.pick("awkward name", AWKWARD)
    city, postal = home(draw, country)
    row = {
        "customer_id": f"c-{10000 + number}",
        "email": email(draw, first, last, number),
        "phone": phone(draw, code) if draw.percent("has phone") < 80 else None,
        "first_name": first,
        "last_name": last,
        "language": language,
        "country_code": country,
        "city": city,
        "zip": postal,
        "birth_date": (datetime.date(1946, 1, 1) + datetime.timedelta(days=draw.number("born", 22000))).isoformat(),
        "accepts_email": flag(draw.percent("email") < 70),
        "accepts_sms": flag(draw.percent("sms") < 35),
        "interests": interests(draw),
        "favourite_store": draw.pick("store", STORES) if draw.percent("has store") < 60 else None,
        "churn_score": f"{draw.number('churn', 1000) / 1000:.3f}",
    }
    return row, orders(draw, row["customer_id"])


def home(draw, country):
    return draw.pick("city", COUNTRIES[country][4])


def phone(draw, code):
    return f"+{code}{700000000 + draw.number('phone', 99999999)}"


def flag(value):
    return "true" if value else "false"


def interests(draw):
    chosen = [interest for interest in INTERESTS if draw.percent(interest) < 25]
    return "|".join(chosen) or None


def email(draw, first, last, number):
    if draw.number("no email", 200) == 0:
        return None
    # One address for two people of a household: fine for a destination that knows people by their customer number.
    if draw.number("shared email", 500) == 0:
        return "family@example.com"
    name = f"{plain(first)}.{plain(last)}{number}"
    address = f"{name}@{draw.pick('domain', ['example.com', 'example.org', 'example.net'])}"
    return address.upper() if draw.number("loud", 100) == 0 else address


def plain(name):
    folded = name.lower().translate(str.maketrans("åäöøéèëïîçüñ", "aaooeeeiicun")).replace("æ", "ae").replace("ß", "ss")
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum()) or "x"


def orders(draw, customer_id):
    count = max(0, draw.number("orders", 12) - 2)
    return [order(draw, customer_id, index) for index in range(count)]


def order(draw, customer_id, index):
    day = TODAY - datetime.timedelta(days=draw.number(f"day {index}", 900))
    minute = draw.number(f"minute {index}", 24 * 60)
    return {
        "order_id": f"{customer_id}-{index + 1}",
        "customer_id": customer_id,
        "ordered_at": f"{day.isoformat()} {minute // 60:02}:{minute % 60:02}:00",
        "amount_eur": cents(900 + draw.number(f"amount {index}", 24000)),
    }


def cents(amount):
    return f"{amount // 100}.{amount % 100:02}"


def with_totals(row, placed):
    """The columns that sum up the customer's orders, as `sum`, `count` and `max` would in the warehouse."""
    spent = sum(int(line["amount_eur"].replace(".", "")) for line in placed)
    last = max((line["ordered_at"] for line in placed), default=None)
    return {**row, "orders_count": len(placed), "ltv_eur": cents(spent), "last_order_at": last}


def edited(row, placed, draw, nth):
    """The customer after an edit: one column of the profile is another, and sometimes there is a new order."""
    row = dict(row)
    change = draw.pick("change", ["move", "phone", "email", "sms", "name"])
    if change == "move":
        places = [place for place in COUNTRIES[row["country_code"]][4] if place[0] != row["city"]]
        row["city"], row["zip"] = draw.pick("to", places)
    elif change == "phone":
        row["phone"] = phone(draw, COUNTRIES[row["country_code"]][0])
    elif change in ("email", "sms"):
        row[f"accepts_{change}"] = flag(row[f"accepts_{change}"] != "true")
    else:
        row["last_name"] += "-" + draw.pick("married", COUNTRIES[row["country_code"]][3])
    if nth % 3 == 0:
        placed = placed + [order(draw, row["customer_id"], len(placed))]
    return row, placed


def in_order_of_hash(draw, numbers):
    return sorted(numbers, key=lambda number: (draw.number(number, 2**63), number))


def shop(rows, edit, add, remove, seed):
    """Customers with their orders, as (row, orders) in order of their number."""
    draw = Draw(seed, "day")
    shuffled = in_order_of_hash(draw, range(rows)) if edit or remove else []
    gone = set(shuffled[:remove])
    edits = {number: nth for nth, number in enumerate(shuffled[remove : remove + edit])}
    for number in range(rows + add):
        if number in gone:
            continue
        row, placed = customer(number)
        if number in edits:
            row, placed = edited(row, placed, Draw(seed, "edit", number), edits[number])
        yield with_totals(row, placed), placed


def write(path, columns, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="customers before any change (10,000)")
    parser.add_argument("--edit", type=int, default=0, help="customers to edit")
    parser.add_argument("--add", type=int, default=0, help="customers to add")
    parser.add_argument("--remove", type=int, default=0, help="customers to remove")
    parser.add_argument("--seed", type=int, default=1, help="which customers change, and how")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent, help="folder to write to")
    options = parser.parse_args()
    if options.edit + options.remove > options.rows:
        parser.error("--edit and --remove together are more than --rows")
    return options


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    people = list(shop(options.rows, options.edit, options.add, options.remove, options.seed))
    write(options.out / "customers.csv", CUSTOMER_COLUMNS, (row for row, _ in people))
    write(options.out / "orders.csv", ORDER_COLUMNS, (line for _, placed in people for line in placed))
    print(f"{len(people)} customers, {sum(len(placed) for _, placed in people)} orders in {options.out}")


if __name__ == "__main__":
    main()
