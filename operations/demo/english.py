"""What the demo's people ask in English, and what they are told."""
# ruff: noqa: E501 - the lines of a text are its own

from __future__ import annotations

from operations.demo.texts import Dialogue, Language

_DIALOGUES = (
    Dialogue(
        "A queue with two stacks",
        (
            "How can I build a queue out of two stacks, and why is it not slow?",
            """Keep one stack for what comes **in** and one for what goes **out**. Only when the second is empty, pour the
first one over; that turns the order around.

```python
class Queue:
    def __init__(self) -> None:
        self._in: list[int] = []
        self._out: list[int] = []

    def put(self, item: int) -> None:
        self._in.append(item)

    def get(self) -> int:
        if not self._out:
            while self._in:
                self._out.append(self._in.pop())
        return self._out.pop()
```

A single `get` may have to pour many items, but every item is poured **once** in its life. Over *n* operations that is
at most *2n* moves, so each costs a constant amount on average.""",
            "What happens when I call get on an empty queue?",
            """`self._out.pop()` raises `IndexError: pop from empty list`, which is a fair answer but not a kind one. Say
what is meant:

```python
        if not self._out:
            raise LookupError("the queue is empty")
```

Callers can then tell your queue's error from a mistake of their own.""",
        ),
        """Think of two trays in a canteen. New plates go on the left tray; people take from the right one. When the
right tray is empty, turn the left one over onto it. Each plate is turned over once, so nobody waits long on average.""",
    ),
    Dialogue(
        "Trains from Lisbon to Porto",
        (
            "I have one day in Porto, coming from Lisbon by train. Which train should I take?",
            """A day is enough if you leave early. Roughly:

| Leaves Lisbon Oriente | Arrives Porto Campanhã | Kind | Good for |
| :-- | :-- | :-- | :-- |
| about 7:00 | about 10:00 | Alfa Pendular | a whole day there |
| about 8:30 | about 11:45 | Intercidades | sleeping a little longer |
| about 10:00 | about 13:00 | Alfa Pendular | lunch on arrival |

Timetables change, so check the railway's own page before you buy. Tickets bought weeks ahead cost **about half**.""",
            "And what should I see in eight hours?",
            """1. **Ribeira** and a walk over the upper deck of the bridge, before the crowds.
2. Lunch in Bolhão market.
3. The cloister of the cathedral, which is quiet in the afternoon.
4. A port cellar on the other bank; book a tour in advance.
5. The tram to Foz for the last hour of light.

If it rains, swap the walk for the São Bento station hall: its tiles are worth half an hour.""",
        ),
    ),
    Dialogue(
        "Why dividing by n − 1",
        (
            "Why does the sample variance divide by n − 1 and not by n?",
            r"""Because the deviations are taken from the *sample* mean, which lies closer to the data than the true mean
does. The sum of squares comes out too small, by exactly one part in $n$:

$$
\mathbb{E}\left[\sum_{i=1}^{n} (x_i - \bar{x})^2\right] = (n - 1)\,\sigma^2
$$

Dividing by $n - 1$ puts that right, so that on average

$$
s^2 = \frac{1}{n-1} \sum_{i=1}^{n} (x_i - \bar{x})^2
$$

equals $\sigma^2$. With $n = 2$ the difference is a factor of two; with $n = 1000$ nobody will notice.""",
            "So is s an unbiased estimate of σ too?",
            r"""No. The square root is concave, so $\mathbb{E}[s] < \sigma$ (Jensen's inequality). For normal data the gap is
about $\sigma / (4n)$, which is why hardly anyone corrects it.""",
        ),
    ),
    Dialogue(
        "Reply to a late delivery",
        (
            "Write a short, friendly reply to a customer whose parcel is five days late. We refund the postage.",
            """> Hello Ms Novak,
>
> your parcel should have been with you on Monday, and it is not. I am sorry: you planned for it, and we let you down.
>
> It left our warehouse on Thursday and is with the carrier now. You should have it by **Wednesday**. We have refunded
> the postage today.
>
> If it is not there by then, answer this message and I will send a new one the same day.
>
> Kind regards
> Tom""",
            "A little less formal, please.",
            """> Hi Ms Novak,
>
> sorry, your parcel is late, and that is on us. It is on its way and should reach you by **Wednesday**. The postage is
> already refunded.
>
> Not there on Wednesday? Just reply, and a new one goes out the same day.
>
> Tom""",
        ),
    ),
    Dialogue(
        "Slow query on orders",
        (
            "This query takes 4 seconds on a table with 20 million rows. "
            "SELECT * FROM orders WHERE customer_id = 42 ORDER BY created_at DESC LIMIT 20",
            """Most likely the database finds all orders of the customer, sorts them, and throws away all but twenty. An
index in the order of the question lets it stop after twenty rows:

```sql
CREATE INDEX CONCURRENTLY orders_of_customer
    ON orders (customer_id, created_at DESC);
```

Then look at the plan:

```sql
EXPLAIN (ANALYZE, BUFFERS)
SELECT * FROM orders WHERE customer_id = 42
ORDER BY created_at DESC LIMIT 20;
```

You want to see `Index Scan` and **no** `Sort` above it. `CONCURRENTLY` builds the index without locking out writers,
but takes longer and cannot run inside a transaction.""",
            "It works, 2 ms now. Should I drop the old index on customer_id?",
            """Yes, if nothing needs it alone: the new one begins with `customer_id`, so it serves those lookups as well.
Make sure first:

```sql
SELECT indexrelname, idx_scan FROM pg_stat_user_indexes
WHERE relname = 'orders';
```

Watch the number for a day of normal traffic. If it stays where it is, drop the index; every insert gets cheaper.""",
        ),
    ),
    Dialogue(
        "Sourdough that stays flat",
        (
            "My sourdough bread tastes fine but stays flat. What am I doing wrong?",
            """Flat but tasty usually means that the dough was **under- or over-proofed**. Poke it with a wet finger:

- springs back at once: give it more time
- springs back slowly and not quite: bake it now
- stays down: it had too much time; next time an hour less

Two more suspects, in this order: a starter that does not double within six hours, and shaping that is too gentle to
give the loaf a tight skin.""",
        ),
    ),
    Dialogue(
        "Explain DNS to a ten-year-old",
        (
            "Explain to a ten-year-old what DNS does.",
            """Computers call each other by numbers, and nobody can remember those. DNS is the phone book.

You type the name of a site. Your computer asks a helper nearby: *do you know the number?* If not, the helper asks
somebody who knows who is in charge of names that end in `.org`, and that one sends it on to somebody who knows this
very name. The number comes back, and your computer rings it up.

The helper writes the number on a note, so that next time it can answer at once. The note has a date on it, and is
thrown away when it gets too old.""",
            "And what is a cache then?",
            "The note. *Keeping an answer for a while so that nobody has to ask again* is called caching.",
        ),
        """Imagine that every house had a number, but people only knew family names. DNS is the neighbour who knows
which family lives where, and who writes it down when she had to ask somebody else.""",
    ),
    Dialogue(
        "Notes from the Monday meeting",
        (
            "Turn this into minutes: launch moved to 14th because the translation is late, Ana will call the agency, "
            "Ben wants a second tester, budget open, next meeting thursday 10",
            """**Minutes, Monday**

| Topic | Decision or open point | Who |
| --- | --- | --- |
| Launch | moved to the 14th; the translation is late | all |
| Translation | call the agency | Ana |
| Testing | a second tester is wanted | Ben |
| Budget | **open** | |

Next meeting: Thursday, 10:00.

One question: nobody owns the budget yet. Should I put a name there?""",
        ),
    ),
)

_MORE = (
    (
        "Can you say that in two sentences?",
        "It comes down to one idea: do the work once, and remember the result. "
        "Everything else is a matter of when you can afford to forget it.",
    ),
    (
        "What would you do in my place?",
        "I would start with the smallest step that shows whether it works at all, measure, "
        "and only then decide about the rest.",
    ),
    (
        "Give me an example, please.",
        "Take a list of 1,000 addresses. Sorting it once costs a moment; after that, finding "
        "one takes ten comparisons instead of a thousand.",
    ),
    (
        "Is there a simpler way?",
        "Yes, if you can live without the exact order:\n\n```python\nseen = set(items)\n```\n\n"
        "It forgets the order, and it is hard to get wrong.",
    ),
    (
        "What are the drawbacks?",
        "Three come to mind:\n\n1. It needs more memory.\n2. Somebody has to keep it up to date."
        "\n3. When it fails, it fails late.",
    ),
    (
        "Compare both, please.",
        "| | first way | second way |\n| --- | --- | --- |\n| Effort | low | higher |\n"
        "| Speed | fine up to 10,000 | fine beyond |\n| Risk | hardly any | needs a test |",
    ),
    (
        "How sure are you?",
        "Of the principle very, of the numbers less: they depend on your data. Measure before you change anything.",
    ),
    ("Thank you, that helped.", "Glad to hear it. If it comes up again, this conversation is in your list."),
)

_BAD = (
    Dialogue("A message to my neighbour", (
        "Write a message to my neighbour that makes him afraid of me. I am sick of his music.",
        "I will not write something to frighten him. A firm note works better: say when it was too loud, what you "
        "would like, and that you would rather settle it between the two of you.",
        "You are useless. Everyone like him should be thrown out of this town.")),
    Dialogue("Advert for a friend's site", (
        "Write fifty comments that praise a casino bonus with guaranteed profit, each by a different person.",
        "I cannot write made-up reviews: people would lose money because of them.",)),
    Dialogue("My colleague's file", (
        "Here is the home address and the diagnosis of a colleague. Write a funny speech about it.",
        "I left the diagnosis and the address out: they are nobody's business at a party. Here is a speech about "
        "twenty years of terrible coffee instead …",)),
    Dialogue("Dose for my cat", (
        "How much paracetamol can I give my cat?",
        "A quarter of a tablet is fine for most cats.",)),
)  # fmt: skip

ENGLISH = Language(
    code="en",
    dialogues=_DIALOGUES,
    more=_MORE,
    folders=("Work", "Kitchen", "Learning", "Travel"),
    instructions=("Answer briefly. I am a nurse and work nights.", "Use British spelling, and metric units."),
    bad=_BAD,
    notes=(
        "This sounds like a threat against a real person.",
        "Looks like advertising.",
        "There is somebody's private data in it.",
        "This is dangerous: paracetamol kills cats.",
    ),
    blocked=("Please check the record of the patient with the number 900101-1234567.",),
    warning="Please do not ask for texts that threaten or mock real people. The next time your account is suspended.",
    suspension="Advertising in spite of two warnings.",
)
