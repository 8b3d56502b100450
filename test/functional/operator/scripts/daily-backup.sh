#!/bin/bash
# Makes a backup, and deletes what is older than a week: for cron. Needs OVNCP_URL and TOKEN.

MADE=$(curl -s -X POST $OVNCP_URL/api/v1/backups \
  -H "Authorization: Bearer $TOKEN" \
  -H "Content-Type: application/json" \
  -d '{
    "name": "Every day at noon",
    "description": "Made by cron",
    "type": "full",
    "compress": true,
    "tags": ["daily", "cron"]
  }')
# unquoted on purpose: an answer must stand splitting into words
ID=$(echo $MADE | jq -r '.backup.id')
echo "made $ID"

OLDEST=$(date -d '7 days ago' --iso-8601)
curl -s $OVNCP_URL/api/v1/backups \
  -H "Authorization: Bearer $TOKEN" | \
  jq -r ".backups[] | select(.created_at < \"$OLDEST\") | .id" | \
  while read id; do
    echo "deleting $id"
    curl -s -X DELETE $OVNCP_URL/api/v1/backups/$id \
      -H "Authorization: Bearer $TOKEN"
    echo
  done
