from analysis.progress import lines, progress


def test_a_log_file_gets_a_line_a_tenth_with_the_time_left():
    said, clock = [], iter(range(0, 1000, 10))
    shown = lines("reading", said.append, lambda: next(clock))
    for done in range(101):
        shown(done, 100)
    assert len(said) == 11
    assert said[0] == "reading: 0 of 100, 0:10"
    assert said[1] == "reading: 10 of 100, 0:20, 3:00 left"
    assert said[-1].startswith("reading: 100 of 100")


def test_nothing_to_do_is_no_division_by_zero():
    said = []
    lines("reading", said.append)(0, 0)
    assert said == ["reading: 0 of 0, 0:00"]


def test_no_control_characters_when_it_is_no_terminal(capsys):
    with progress("reading") as shown:
        shown(1, 2)
        shown(2, 2)
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("reading: 2 of 2")
    assert "\x1b" not in told and "\r" not in told
