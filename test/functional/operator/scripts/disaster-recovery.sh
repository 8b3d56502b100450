#!/bin/bash
# Restores the newest backup of production, once the operator has seen what that would do. Needs OVNCP_URL and TOKEN.

NEWEST=$(curl -s $OVNCP_URL/api/v1/backups?tag=production -H "Authorization: Bearer $TOKEN" | \
  jq -r '.backups[0].id')
echo "newest: $NEWEST"

# curl -d without a Content-Type says that this is a form
curl -s -X POST $OVNCP_URL/api/v1/backups/validate -H "Authorization: Bearer $TOKEN" \
  -d "{\"backup_id\": \"$NEWEST\"}" | jq -r '.message'

WOULD=$(curl -s -X POST $OVNCP_URL/api/v1/backups/$NEWEST/restore -H "Authorization: Bearer $TOKEN" \
  -d '{"dry_run": true}')
echo "would restore: $(echo $WOULD | jq -c '.details | map_values(.restored) | with_entries(select(.value > 0))')"

read -p "Restore it? (y/n) " -n 1 -r
echo
if [[ $REPLY =~ ^[Yy]$ ]]; then
  curl -s -X POST $OVNCP_URL/api/v1/backups/$NEWEST/restore -H "Authorization: Bearer $TOKEN" \
    -d '{"conflict_policy": "overwrite", "force": true}' | jq -c '{success, restored_count, error_count}'
fi
