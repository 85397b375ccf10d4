# What a playbook does, one JSON event a line: for pgcascade, which runs it. Results of tasks with no_log are censored by Ansible
# before they come here.
from __future__ import annotations

import json
import sys

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: pgcascade_events
    type: stdout
    short_description: one JSON event a line
    description:
      - What a playbook does, one JSON event a line.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "pgcascade_events"

    def _say(self, event, **more):
        sys.stdout.write(json.dumps({"event": event, **more}) + "\n")
        sys.stdout.flush()

    def _result(self, state, result):
        # Ansible 2.19 has public names for what was private.
        host = getattr(result, "host", None) or result._host
        task = getattr(result, "task", None) or result._task
        values = getattr(result, "result", None)
        values = values if isinstance(values, dict) else result._result
        if state == "ok" and values.get("changed"):
            state = "changed"
        self._say(
            "result",
            host=host.get_name(),
            task=task.get_name(),
            state=state,
            message=self._message(values) if state in ("failed", "unreachable") else "",
        )

    def _message(self, values):
        texts = [values.get("stderr") or values.get("module_stderr") or "", values.get("msg") or ""]
        for one in values.get("results") or []:
            if isinstance(one, dict) and one.get("failed"):
                texts.append(one.get("stderr") or one.get("msg") or "")
        # Items of one loop mostly fail for one reason.
        return "\n".join(dict.fromkeys(str(text).strip() for text in texts if text))

    def v2_playbook_on_play_start(self, play):
        self._say("play", name=play.get_name())

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._say("task", name=task.get_name())

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("ok" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_playbook_on_stats(self, stats):
        self._say("stats", hosts={host: stats.summarize(host) for host in sorted(stats.processed)})
