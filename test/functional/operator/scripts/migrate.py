"""Brings the configuration of one server's database into another's: migrate.py SOURCE_URL DESTINATION_URL.

The tokens are in SOURCE_TOKEN and DESTINATION_TOKEN.
"""
import json
import os
import sys

import requests


def migrate(source_url, source_token, destination_url, destination_token):
    source = {"Authorization": f"Bearer {source_token}"}
    destination = {"Authorization": f"Bearer {destination_token}"}

    response = requests.post(
        f"{source_url}/api/v1/backups",
        headers=source,
        json={"name": "To be moved", "type": "full", "compress": True},
    )
    backup_id = response.json()['backup']['id']

    response = requests.get(f"{source_url}/api/v1/backups/{backup_id}/export", headers=source)
    document = response.text

    # the document is text, within JSON
    response = requests.post(
        f"{destination_url}/api/v1/backups/import",
        headers=destination,
        json={"format": "json", "data": document},
    )
    imported_id = response.json()['backup']['id']

    response = requests.post(
        f"{destination_url}/api/v1/backups/{imported_id}/restore",
        headers=destination,
        json={"conflict_policy": "skip"},
    )
    return response.json()


if __name__ == '__main__':
    result = migrate(sys.argv[1], os.environ['SOURCE_TOKEN'], sys.argv[2], os.environ['DESTINATION_TOKEN'])
    print(json.dumps({name: result[name] for name in ('success', 'restored_count', 'skipped_count', 'error_count')}))
