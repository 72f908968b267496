"""The first signal asks, the second acts."""

import os
import signal
import threading

import pytest

from spacy_modernbert_bio.pretraining.stopping import StopRequest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_and_the_second_acts_as_before(number):
    came = []
    before = signal.signal(number, lambda *_: came.append(1))
    try:
        with StopRequest() as stop:
            assert not stop.asked
            os.kill(os.getpid(), number)
            assert stop.asked
            assert not came
            os.kill(os.getpid(), number)
            assert came == [1]
    finally:
        signal.signal(number, before)


def test_handlers_are_put_back():
    before = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)]
    with StopRequest():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)] == before


def test_in_another_thread_signals_stay_as_they_are():
    seen = []

    def work():
        with StopRequest() as stop:
            seen.append((stop.asked, signal.getsignal(signal.SIGTERM)))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
