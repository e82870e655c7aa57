"""Secrets leave a notebook before it is written."""

from __future__ import annotations

import json

from nbformat.v4 import new_code_cell, new_notebook, new_output
from support.runs_notebooks import CANARY

from fleetkit.core import MASK, Redactor
from fleetkit.runs._redacting import redact_notebook, redact_value, secrets_of_environment

REDACTOR = Redactor([CANARY])


def stream(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def redacted_outputs(*outputs):
    notebook = new_notebook(cells=[new_code_cell("x", outputs=list(outputs))])
    return redact_notebook(notebook, REDACTOR)["cells"][0]["outputs"]


def test_a_secret_split_over_two_flushes_is_found():
    outputs = redacted_outputs(stream(f"key {CANARY[:6]}"), stream(f"{CANARY[6:]} end\n"), stream("other", "stderr"))
    assert [output["text"] for output in outputs] == [f"key {MASK} end\n", "other"]


def test_a_secret_split_over_two_flushes_inside_an_output_widget_is_found():
    notebook = new_notebook()
    state = {"outputs": [stream(CANARY[:6]), stream(CANARY[6:])]}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"w1": {"state": state}}}}
    assert MASK in json.dumps(redact_notebook(notebook, REDACTOR))
    assert CANARY[6:] not in json.dumps(redact_notebook(notebook, REDACTOR))


def test_a_text_kept_as_lines_is_searched_as_a_whole():
    notebook = {
        "cells": [{"source": ["-----BEGIN PRIVATE KEY-----\n", "MIIabc\n", "-----END PRIVATE KEY-----\n", "x"]}]
    }
    assert "".join(redact_notebook(notebook, Redactor())["cells"][0]["source"]) == f"{MASK}\nx"


def test_a_secret_whose_halves_another_output_parts_is_found():
    outputs = redacted_outputs(stream(f"key {CANARY[:6]}"), stream("warned", "stderr"), stream(f"{CANARY[6:]} end"))
    assert [output["text"] for output in outputs] == [f"key {MASK}", "warned", " end"]


def test_a_secret_that_lies_across_the_parts_of_a_traceback_is_found():
    (output,) = redacted_outputs(new_output("error", ename="E", evalue="", traceback=[CANARY[:6], CANARY[6:] + " x"]))
    assert output["traceback"] == [MASK, " x"]


def test_a_secret_that_is_a_number_is_found_and_other_numbers_stay():
    assert redact_value({"pin": 12345678, "on": True, "ratio": 0.5}, Redactor(["12345678"])) == {
        "pin": MASK,
        "on": True,
        "ratio": 0.5,
    }


def test_results_errors_sources_metadata_and_keys_are_searched():
    notebook = new_notebook(
        cells=[
            new_code_cell(
                f"x = '{CANARY}'",
                outputs=[
                    new_output("display_data", data={"text/html": f"<b>{CANARY}</b>", "application/json": {CANARY: 1}}),
                    new_output("error", ename="E", evalue=CANARY, traceback=[f"at {CANARY}"]),
                ],
            )
        ],
        metadata={"papermill": {"parameters": {"a": [CANARY]}}},
    )
    assert CANARY not in json.dumps(redact_notebook(notebook, REDACTOR))


def test_the_notebook_that_goes_on_running_is_left_as_it_is():
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[stream(CANARY), stream("b")])])
    redact_notebook(notebook, REDACTOR)
    assert [output["text"] for output in notebook.cells[0].outputs] == [CANARY, "b"]


def test_variables_with_telling_names_are_secrets_and_their_paths_and_short_words_are_not():
    environ = {
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENG",
        "REGISTRY_TOKEN": "testing",
        "TOKEN_FILE": "/var/run/secrets/token-of-mine",
        "HOME": "a-very-long-home-folder",
    }
    assert secrets_of_environment(environ) == {"wJalrXUtnFEMIK7MDENG"}
