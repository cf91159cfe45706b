#!/usr/bin/env python3
"""Puts a report on the pull request it is about: one comment, which is written anew each time.

    ci/comment.py REPORT

GitHub Actions: the report goes into the job's summary too, and the comment needs GITHUB_TOKEN with `pull-requests: write`.
GitLab: the comment needs SENDOFF_COMMENT_TOKEN, a project access token with the scope `api`.

That a comment cannot be written fails nothing: a pull request from outside has no right to.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request

# GitHub takes 65,536 characters; some are left for the marker.
LONGEST = 60_000


def cut(text):
    """As much of a report as a comment holds: whole activations where they fit, no open code block or fold."""
    if len(text) <= LONGEST:
        return text
    head = text[:LONGEST]
    end = head.rfind("\n### ")
    head = head[:end] if end > 0 else head[: head.rfind("\n")]
    if head.count("\n```") % 2:
        head += "\n```"
    head += "\n\n</details>" * (head.count("<details>") - head.count("</details>"))
    return head + "\n\n*The rest did not fit into a comment; `sendoff plan` shows all of it.*\n"


def call(method, url, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {**headers, "Content-Type": "application/json", "User-Agent": "sendoff"}
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def mine(comments_url, headers, marker):
    """The comment written before, if any."""
    page = 1
    while True:
        comments = call("GET", f"{comments_url}?per_page=100&page={page}", headers)
        for comment in comments:
            if comment["body"].startswith(marker):
                return comment["id"]
        if len(comments) < 100:
            return None
        page += 1


def github(env):
    number = re.fullmatch(r"refs/pull/(\d+)/merge", env.get("GITHUB_REF", ""))
    if not number or not env.get("GITHUB_TOKEN"):
        return None
    issues = f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}/issues"
    headers = {"Authorization": f"Bearer {env['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
    return f"{issues}/{number[1]}/comments", f"{issues}/comments", headers, "PATCH"


def gitlab(env):
    if not env.get("CI_MERGE_REQUEST_IID") or not env.get("SENDOFF_COMMENT_TOKEN"):
        return None
    merge_requests = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}/merge_requests"
    notes = f"{merge_requests}/{env['CI_MERGE_REQUEST_IID']}/notes"
    return notes, notes, {"PRIVATE-TOKEN": env["SENDOFF_COMMENT_TOKEN"]}, "PUT"


def main():
    env = os.environ
    if not os.path.exists(sys.argv[1]):
        print("comment: there is no report")
        return
    with open(sys.argv[1], encoding="utf-8") as file:
        report = file.read()
    if env.get("GITHUB_STEP_SUMMARY"):
        with open(env["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as file:
            file.write(report)
    place = github(env) or gitlab(env)
    if place is None:
        print("comment: no pull request to comment on, or no token")
        return
    comments, one, headers, change = place
    # Two projects or environments in one repository have a comment each.
    marker = f"<!-- sendoff {env.get('SENDOFF_PROJECT', '.')} {env.get('SENDOFF_ENV', '')} -->"
    body = {"body": f"{marker}\n{cut(report)}"}
    try:
        known = mine(comments, headers, marker)
        if known is None:
            call("POST", comments, headers, body)
        else:
            call(change, f"{one}/{known}", headers, body)
    except urllib.error.HTTPError as error:
        print(f"comment: refused with {error.code}; may the token write comments?")
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"comment: not written: {error}")
    else:
        print("comment: written" if known is None else "comment: written anew")


main()
