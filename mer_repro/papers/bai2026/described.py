"""Data sets in counts: how long, how sparse and how complete real listening histories and profiles are."""

from __future__ import annotations

import numpy as np

#: The paper's fixed length.
LENGTH = 100


def tagging(dataset, seed: int) -> dict[str, float]:
    """HetRec as a table of sequences: an artist takes a song's place.

    Returns
    -------
    Users, artists, tags and events; quartiles of the artists a user; ``share_reaching_length`` of the users with
    `LENGTH` artists or more; ``padding``, the share of all places that padding fills once sequences are cut and padded
    to it; ``one_user``, of the artists that only one user ever tagged; ``months`` (median) a user; and under a 70/15/15
    split of the users by `seed`, of a test user's artists: ``seen`` in training (mean over users), ``seen_twice`` by at
    least two training users, and ``nothing_seen``, the share of test users without any.
    """
    from mer_repro.papers.bai2026.histories import split_users

    events = dataset.events
    pairs = events[["user_id", "artist_id"]].drop_duplicates()
    length = pairs.groupby("user_id").size()
    users = length.index.to_numpy()
    split = split_users(len(users), seed)
    trained = pairs[pairs.user_id.isin(users[split.train])].groupby("artist_id").size()
    tested = pairs[pairs.user_id.isin(users[split.test])]
    known = tested.artist_id.map(trained).fillna(0)
    seen = (known > 0).groupby(tested.user_id).mean()
    quartiles = np.quantile(length, [0.25, 0.5, 0.75])
    return {
        "users": len(users),
        "artists": pairs.artist_id.nunique(),
        "tags": events.tag_id.nunique(),
        "events": len(events),
        "artists_a_user_25": float(quartiles[0]),
        "artists_a_user_50": float(quartiles[1]),
        "artists_a_user_75": float(quartiles[2]),
        "share_reaching_length": float((length >= LENGTH).mean()),
        "padding": float(1 - np.minimum(length, LENGTH).sum() / (LENGTH * len(length))),
        "one_user": float((pairs.groupby("artist_id").size() == 1).mean()),
        "months": float(events.groupby("user_id").date.nunique().median()),
        "seen": float(seen.mean()),
        "seen_twice": float((known > 1).groupby(tested.user_id).mean().mean()),
        "nothing_seen": float((seen == 0).mean()),
    }


def profiles(dataset) -> dict[str, float]:
    """Last.fm-1K's profile table, and for how many of its users this copy holds listens."""
    people = dataset.profiles
    counts = {
        "users": len(people),
        "gender_given": int((people.gender != "").sum()),
        "female": int((people.gender == "f").sum()),
        "age_given": int(people.age.notna().sum()),
        "age_plausible": int(people.age.between(13, 80).sum()),
        "age_median": float(people.age.median()),
        "country_given": int((people.country != "").sum()),
        "registered_given": int(people.registered.notna().sum()),
        "all_given": int(
            ((people.gender != "") & people.age.notna() & (people.country != "") & people.registered.notna()).sum()
        ),
    }
    heard = {}
    if dataset.events_file:
        for user, listens in dataset.histories():
            heard[user] = len(listens)
    return counts | {"users_with_listens": len(heard), "listens": int(sum(heard.values()))}
