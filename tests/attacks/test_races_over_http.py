"""Many requests at once, spread over two processes: one wins."""

from __future__ import annotations

from collections.abc import Callable

from tests.attacks.conftest import Site
from tests.support.crowd import AT_ONCE, at_once, copies
from tests.support.person import PASSWORD, Person, entered
from tests.support.remote import RemoteClient

Make = Callable[..., Person]


def half_sessions(person: Person, make_visitor: Make, times: int) -> list[Person]:
    """As many browsers in which the right password of *person* was typed."""
    made = [make_visitor(email=person.email) for _ in range(times)]
    for one in made:
        one.sign_in()
    return made


def test_two_processes_answer(site: Site) -> None:
    clients = [site.client() for _ in range(AT_ONCE)]
    workers = at_once(lambda number: clients[number].get("/sign-in").worker, AT_ONCE)
    for client in clients:
        client.close()
    assert len(set(workers)) == 2


def test_two_processes_answer_to_one_attack(halfway: Person, make_remote_person: Make) -> None:
    """So that what follows is said of two: also posts of the same half-session reach both."""
    people = copies(halfway, make_remote_person, AT_ONCE)
    answers = at_once(lambda number: people[number].verify("000000"), AT_ONCE)
    assert len({answer.headers["X-Worker"] for answer in answers}) == 2


def test_one_half_session_posted_64_times_at_once_signs_in_once(
    halfway: Person, make_remote_person: Make
) -> None:
    code = halfway.next_code()
    people = copies(halfway, make_remote_person, AT_ONCE)
    assert sum(at_once(lambda number: entered(people[number].verify(code)), AT_ONCE)) == 1


def test_one_code_in_five_half_sessions_at_once_signs_in_once(
    guarded: Person, make_remote_person: Make
) -> None:
    """Five, because no more attempts are looked at before the first wait."""
    people = half_sessions(guarded, make_remote_person, 5)
    code = guarded.next_code()
    assert sum(at_once(lambda number: entered(people[number].verify(code)), 5)) == 1


def test_one_code_in_many_half_sessions_one_after_the_other_signs_in_once(
    guarded: Person, make_remote_person: Make
) -> None:
    people = half_sessions(guarded, make_remote_person, 4)
    code = guarded.next_code()
    assert [entered(person.verify(code)) for person in people] == [True, False, False, False]


def test_64_wrong_codes_at_once_are_five_looked_at(halfway: Person, make_remote_person: Make) -> None:
    people = copies(halfway, make_remote_person, AT_ONCE)
    statuses = at_once(lambda number: people[number].verify("000000").status_code, AT_ONCE)
    assert (statuses.count(422), statuses.count(429)) == (5, AT_ONCE - 5)


def test_one_recovery_code_64_times_at_once_signs_in_once(halfway: Person, make_remote_person: Make) -> None:
    halfway.get("/sign-in/verify?factor=recovery")
    code = halfway.recovery_codes[0]
    people = copies(halfway, make_remote_person, AT_ONCE)
    results = at_once(
        lambda number: entered(
            people[number].post("/sign-in/verify?factor=recovery", {"recovery_code": code})
        ),
        AT_ONCE,
    )
    assert sum(results) == 1


def test_one_recovery_code_64_times_at_once_leaves_nine(
    guarded: Person, halfway: Person, make_remote_person: Make
) -> None:
    halfway.get("/sign-in/verify?factor=recovery")
    code = halfway.recovery_codes[0]
    people = copies(halfway, make_remote_person, AT_ONCE)
    at_once(
        lambda number: people[number].post("/sign-in/verify?factor=recovery", {"recovery_code": code}),
        AT_ONCE,
    )
    (inside,) = [person for person in people if person.is_signed_in()]
    assert "9 of 10 recovery codes left" in inside.get("/account/two-step").text


def test_complete_64_times_at_once_turns_it_on_once(
    site: Site, member: Person, make_remote_person: Make
) -> None:
    member.begin().verify_email().scan().enter_code()
    before = site.dump()
    people = copies(member, make_remote_person, AT_ONCE)
    results = at_once(lambda number: "2-step verification is on." in people[number].complete().text, AT_ONCE)
    after = site.dump()
    assert sum(results) == 1
    assert after.count("authenticators: (") - before.count("authenticators: (") == 1
    assert after.count("recovery_codes: (") - before.count("recovery_codes: (") == 10


def test_complete_64_times_at_once_leaves_one_session(member: Person, make_remote_person: Make) -> None:
    member.begin().verify_email().scan().enter_code()
    people = copies(member, make_remote_person, AT_ONCE)
    at_once(lambda number: people[number].complete(), AT_ONCE)
    assert sum(person.is_signed_in() for person in people) == 1


def test_a_move_completed_64_times_at_once_is_made_once(
    site: Site, guarded: Person, make_remote_person: Make
) -> None:
    guarded.begin_move().scan().enter_code()
    before = site.dump()
    people = copies(guarded, make_remote_person, AT_ONCE)
    results = at_once(lambda number: "Your new phone is set up." in people[number].complete().text, AT_ONCE)
    after = site.dump()
    assert sum(results) == 1
    assert after.count("authenticators: (") == before.count("authenticators: (")
    assert after.count("recovery_codes: (") == before.count("recovery_codes: (")


def test_who_signs_in_with_the_old_app_at_the_moment_of_a_move_is_out_after_it(
    guarded: Person, make_remote_person: Make
) -> None:
    thieves = half_sessions(guarded, make_remote_person, 4)
    guarded.begin_move()
    code = guarded.next_code()
    guarded.scan().enter_code()

    def act(at: int) -> None:
        if at:
            thieves[at - 1].verify(code)
        else:
            guarded.complete()

    at_once(act, 5)
    assert not any(thief.is_signed_in() for thief in thieves)
    guarded.sign_out()
    guarded.sign_in()
    assert entered(guarded.verify(guarded.next_code()))


def test_an_emailed_number_64_times_at_once_brings_one_copy_further(
    member: Person, make_remote_person: Make
) -> None:
    member.begin().post("/account/two-step/enroll/email/send")
    number = member.inbox.wait_for("authentication number", to=member.email).number
    people = copies(member, make_remote_person, AT_ONCE)
    at_once(
        lambda at: people[at].post("/account/two-step/enroll/email", {"number": number}),
        AT_ONCE,
    )
    assert sum("otpauth://" in person.get("/account/two-step/enroll/scan").text for person in people) == 1


def test_who_signs_in_by_password_at_the_moment_of_complete_is_out_after_it(
    member: Person, make_remote_person: Make
) -> None:
    """No session without the second step is left beside the one in which it was turned on."""
    member.begin().verify_email().scan().enter_code()
    thieves = [make_remote_person(email=member.email) for _ in range(15)]
    for thief in thieves:
        thief.get("/sign-in")

    def act(at: int) -> None:
        if at:
            thieves[at - 1].post("/sign-in", {"email": member.email, "password": PASSWORD})
        else:
            member.complete()

    at_once(act, 16)
    assert member.two_step_is_on()
    assert not any(thief.is_signed_in() for thief in thieves)


def test_who_signs_in_with_the_old_password_at_the_moment_of_a_reset_is_out_after_it(
    member: Person, make_remote_person: Make
) -> None:
    member.get("/forgot-password")
    member.post("/forgot-password", {"email": member.email})
    path = member.inbox.wait_for("Set a new", to=member.email).path
    member.get(path)
    thieves = [make_remote_person(email=member.email) for _ in range(15)]
    for thief in thieves:
        thief.get("/sign-in")

    def act(at: int) -> None:
        if at:
            thieves[at - 1].post("/sign-in", {"email": member.email, "password": PASSWORD})
        else:
            member.post(path, {"new_password": "seven boats under glass"})

    at_once(act, 16)
    assert not any(thief.is_signed_in() for thief in thieves)


def test_one_reset_link_64_times_at_once_sets_one_password(member: Person, make_remote_person: Make) -> None:
    member.get("/forgot-password")
    member.post("/forgot-password", {"email": member.email})
    path = member.inbox.wait_for("Set a new", to=member.email).path
    people = [make_remote_person() for _ in range(AT_ONCE)]
    for person in people:
        person.get(path)
    results = at_once(
        lambda number: entered(
            people[number].post(path, {"new_password": f"seven boats under glass {number}"})
        ),
        AT_ONCE,
    )
    assert sum(results) == 1


def test_one_sign_up_link_16_times_at_once_opens_one_account(
    remote_person: Person, make_remote_person: Make
) -> None:
    remote_person.get("/sign-up")
    remote_person.post("/sign-up", {"email": remote_person.email})
    path = remote_person.inbox.wait_for("Create your", to=remote_person.email).path
    people = [make_remote_person() for _ in range(16)]
    for person in people:
        person.get(path)
    results = at_once(
        lambda number: entered(
            people[number].post(path, {"name": "Mina", "password": f"seven boats under glass {number}"})
        ),
        16,
    )
    assert sum(results) == 1


def test_64_wrong_passwords_at_once_are_five_looked_at(member: Person, make_remote_person: Make) -> None:
    people = [make_remote_person(email=member.email) for _ in range(AT_ONCE)]
    for person in people:
        person.get("/sign-in")
    statuses = at_once(
        lambda number: (
            people[number]
            .post("/sign-in", {"email": member.email, "password": f"not the right words {number}"})
            .status_code
        ),
        AT_ONCE,
    )
    assert (statuses.count(422), statuses.count(429)) == (5, AT_ONCE - 5)


def test_a_client_comes_from_the_network_it_says(site: Site) -> None:
    client: RemoteClient = site.client("127.77.5.1")
    person = site.person(address="127.77.5.1")
    person.sign_up()
    client.close()
    assert "'127.77.5.0/24'" in site.dump()
