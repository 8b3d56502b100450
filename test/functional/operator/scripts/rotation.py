"""Grandfather, father, son: keeps all backups of a week, the Sundays of a month and the firsts of months of a year.

rotation.py API_URL, where API_URL ends in /api/v1; the token is in TOKEN.
"""
import os
import sys
from datetime import datetime, timedelta, timezone

import requests


class Rotation:
    def __init__(self, api_url, token):
        self.api_url = api_url
        self.headers = {'Authorization': f'Bearer {token}'}

    def is_kept(self, created, now):
        age = now - created
        if age < timedelta(days=7):
            return True
        if age < timedelta(weeks=4) and created.weekday() == 6:
            return True
        return age < timedelta(days=360) and created.day == 1

    def rotate(self):
        response = requests.get(f"{self.api_url}/backups", headers=self.headers)
        backups = response.json()['backups']
        backups.sort(key=lambda backup: backup['created_at'], reverse=True)
        # an instant that ends in Z is aware of its zone, and compares with nothing that is not
        now = datetime.now(timezone.utc)
        deleted = 0
        for backup in backups:
            created = datetime.fromisoformat(backup['created_at'].replace('Z', '+00:00'))
            if self.is_kept(created, now):
                continue
            response = requests.delete(f"{self.api_url}/backups/{backup['id']}", headers=self.headers)
            response.raise_for_status()
            deleted += 1
        print(f"kept {len(backups) - deleted}, deleted {deleted}")


if __name__ == '__main__':
    Rotation(sys.argv[1], os.environ['TOKEN']).rotate()
