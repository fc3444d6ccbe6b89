"""New versions: what make upgrade says of them, and what it leaves behind when they break a lesson."""

import pytest

import upgrade

OLD = "# comment\nkeras==3.15.0 \\\n    --hash=sha256:aa\nnumpy==2.4.1 \\\n    --hash=sha256:bb\n"
NEW = OLD.replace("3.15.0", "3.16.0")


def test_versions_that_moved_are_named():
    assert upgrade.moved(OLD, NEW) == ["- keras: 3.15.0 to 3.16.0"]
    assert upgrade.moved(OLD, OLD + "uv==0.9 \\\n") == ["- uv: none to 0.9"]
    assert upgrade.moved(OLD, OLD) == []


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A function that renews the lock of a course in which `make book` and `make compare` answer so."""
    monkeypatch.setattr(upgrade, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(upgrade, "ROOT", tmp_path)
    monkeypatch.setattr(upgrade, "SUMMARY", tmp_path / "upgrade.md")
    upgrade.LOCK.write_text(OLD)

    def renew(new, book=(True, ""), compare=(True, "")):
        def run(*command):
            if "compile" in command:
                upgrade.LOCK.write_text(new)
                return True, ""
            succeeded, printed = {"book": book, "compare": compare}[command[-1]]
            leaving = [] if "--no-print-directory" in command else ["make[1]: Leaving directory"]
            return succeeded, "\n".join([printed, *leaving])   # as make does under another

        monkeypatch.setattr(upgrade, "run", run)
        upgrade.main()

    return renew


def test_a_lesson_that_breaks_is_named_and_the_old_lock_stays(course):
    failure = "executing ...\nthese lessons failed:\n\nlessons/dropout, code cell 3: AttributeError: fit"
    with pytest.raises(SystemExit) as error:
        course(NEW, book=(False, failure))
    assert "lessons/dropout, code cell 3" in str(error.value)
    assert "- keras: 3.15.0 to 3.16.0" in str(error.value)
    assert upgrade.LOCK.read_text() == OLD


def test_new_versions_that_move_nothing_leave_a_summary(course):
    with pytest.raises(SystemExit) as error:
        course(NEW, compare=(True, "      environment: Keras\n1 differences; conclusions that moved: 0"))
    assert not error.value.code and upgrade.LOCK.read_text() == NEW
    summary = upgrade.SUMMARY.read_text()
    assert "- keras: 3.15.0 to 3.16.0" in summary
    assert "1 differences; conclusions that moved: 0\n" in summary and "make[1]" not in summary, summary


def test_a_conclusion_that_moved_is_in_the_summary_and_in_the_exit(course):
    with pytest.raises(SystemExit) as error:
        course(NEW, compare=(False, "MOVED dropout: gains\nconclusions that moved: 1"))
    assert error.value.code
    assert "MOVED dropout: gains" in upgrade.SUMMARY.read_text()


def test_without_anything_newer_nothing_is_built(course, capsys):
    course(OLD, book=(False, "must not be built"))
    assert "nothing newer" in capsys.readouterr().out
