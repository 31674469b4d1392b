"""The sequence strip and the log: packets that can be read, uncovered, and listened to."""

from playwright.sync_api import Locator, expect

from .harness import Notebook
from .kit import REDRAWN, left_behind, picture


def marks(kit: Notebook) -> Locator:
    """Bars and arrows of the strip; bars first, since arrows are drawn over them."""
    return picture(kit, 1).locator(".lab-mark")


def packet(kit: Notebook) -> Locator:
    """Where a packet is read."""
    return picture(kit, 1).locator(".lab-packet")


def test_a_packet_is_read_under_the_pointer(kit: Notebook) -> None:
    """As dig prints it; it stays when the pointer has gone, so that it can be read."""
    expect(packet(kit)).to_contain_text("Point at a mark")
    marks(kit).nth(2).hover()
    expect(packet(kit)).to_contain_text(";; ->>HEADER<<- opcode: QUERY, status: NOERROR")
    kit.page.mouse.move(0, 0)

    expect(packet(kit)).to_contain_text("192.0.2.1")


def test_packets_are_visited_by_keyboard(kit: Notebook) -> None:
    """One stop for Tab; arrows go through them in the order of time, each with a name."""
    picture(kit, 1).locator('.lab-mark[tabindex="0"]').focus()
    kit.page.keyboard.press("ArrowRight")
    focused = kit.page.locator(".lab-mark:focus")

    expect(packet(kit)).to_contain_text(";; ANSWER SECTION:")
    assert focused.get_attribute("aria-label") == (
        "authority, to client, TTL 300, A, 192.0.2.1, question 1"
    )
    assert focused.get_attribute("aria-describedby") == packet(kit).get_attribute("id")
    assert picture(kit, 1).locator('.lab-mark[tabindex="0"]').count() == 1


def test_packets_that_were_read_by_keyboard_go_when_they_are_drawn_anew(kit: Notebook) -> None:
    """All but the mark in which a key was pressed: that one stays with the key's event."""
    assert left_behind(kit, ".lab-mark") <= len(REDRAWN)


def test_the_playhead_uncovers_packet_by_packet(kit: Notebook) -> None:
    """At the beginning nothing has happened; at the end everything is there."""
    uncovered = picture(kit, 1).locator("clipPath rect")
    time = picture(kit, 1).get_by_role("slider", name="Time")
    widths = []
    for key in ("Home", "ArrowRight", "ArrowRight", "End"):
        time.press(key)
        widths.append(float(uncovered.get_attribute("width")))

    assert widths == sorted(widths)
    assert widths[0] == 118
    assert widths[-1] == float(picture(kit, 1).locator(".lab-board svg").get_attribute("width"))


def test_the_log_is_read_again_when_asked(kit: Notebook) -> None:
    """A new question is at the top, and is called new."""
    log = picture(kit, 2)
    before = log.get_by_role("status").inner_text()
    kit.kernel_text("server.ask('ns1.shop.example')")
    kit.settle(0.2)
    assert log.get_by_role("status").inner_text() == before

    log.get_by_role("button", name="Read again").click()

    first = log.locator("tbody tr").first
    expect(first).to_contain_text("ns1.shop.example. A192.0.2.53")
    expect(first).to_contain_text("new")


def test_the_log_is_followed_while_wanted(kit: Notebook) -> None:
    """With Follow pressed the table keeps up by itself, and stops when it is released."""
    log = picture(kit, 2)
    log.scroll_into_view_if_needed()
    follow = log.get_by_role("button", name="Follow")
    follow.click()
    assert follow.get_attribute("aria-pressed") == "true"
    kit.kernel_text("server.ask('followed.shop.example')")
    expect(log.locator("tbody tr").first).to_contain_text("followed.shop.example.")
    follow.click()
    kit.settle(0.2)
    kit.forget()
    kit.page.wait_for_timeout(1200)  # more than the second in which it used to ask

    assert kit.received == 0
