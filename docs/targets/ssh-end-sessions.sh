#!/bin/sh
# Ends every SSH session that was opened with one of a grant's keys, and proves it. Runs as root on the machine, by the SSM
# document that lib/end-sessions-document.ts makes of exactly this file. The document sets before it:
#
#   os_user  whose sessions
#   keys     public keys, "ssh-ed25519 AAAA..." each, a comma between two; "none": only tell whether this machine could
#
# It answers with one line of codes and numbers:
#
#   latchkey refused=yes ways=one found=1 unknown=0 ended=3 left=0
#
#   refused  yes: the keys are in the file of RevokedKeys, and the sshd that runs was seen to refuse a key by that file
#   ways     one: nothing but a key that EC2 Instance Connect offers lets this user in, and it cannot become root
#   found    sessions that were opened with the keys
#   unknown  sessions of the user of which no log tells the key. They are ended too: one of them may be meant
#   ended    processes that were ended
#   left     processes that could not be
#
# The user belongs to Latchkey: what runs as it and belongs to no session of another key is ended as well.
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 022

ROUNDS=50
PAUSE_SECONDS=0.1
# From here on nobody of this user is spared: processes start faster than they can be told apart.
SPARE_NOBODY_FROM=25
KEPT_SECONDS=86400
STATE=/run/latchkey-ssh

refused=not_tried ways=not_tried found=0 unknown=0 ended=0 left=0
answer() {
  echo "latchkey refused=$refused ways=$ways found=$found unknown=$unknown ended=$ended left=$left"
  exit 0
}

begun=$(date +%s)
uid=$(id -u "$os_user" 2>/dev/null) || { refused=no_such_user && answer; }
[ "$uid" -ne 0 ] || { refused=is_root && answer; }
mkdir -p "$STATE" && chmod 700 "$STATE" && work=$(mktemp -d "$STATE/work.XXXXXX") || answer
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$keys" | tr ',' '\n' | sed '/^none$/d' >"$work/keys"
fingerprint() { ssh-keygen -l -f "$1" 2>/dev/null | cut -d ' ' -f 2; }
: >"$work/fingerprints"
[ ! -s "$work/keys" ] || fingerprint "$work/keys" >"$work/fingerprints"
# One that cannot be told would be taken for another's.
[ "$(grep -c '^SHA256:' "$work/fingerprints")" = "$(grep -c . "$work/keys")" ] || { refused=unreadable_keys && answer; }
config=$(sshd -T -C "user=$os_user,host=localhost,addr=127.0.0.1" 2>/dev/null) || refused=no_sshd
# What a process calls itself; nothing, where it is gone.
title_of() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null; }
setting() { printf '%s\n' "$config" | sed -n "s/^$1 //p" | head -n 1; }

# --- The log -----------------------------------------------------------------------------------------------------------------
# Where journald runs, only it is asked: it vouches for who wrote a line. A text log takes anybody's word for that.

has_journal() { [ -S /run/systemd/journal/stdout ]; }

# What root's sshd has logged since second $1 with the text $2 in it; of process $3, where it is given.
logged() {
  if has_journal; then
    journalctl --quiet --no-pager --output=cat --since="@$1" _UID=0 ${3:+"_PID=$3"} 2>/dev/null | grep -F -e "$2"
  else
    ls -t /var/log/auth.log /var/log/auth.log.1 /var/log/secure /var/log/secure-* 2>/dev/null | head -n 2 |
      xargs -r grep -h -F -e "$2" | grep -E " sshd(-session)?\[${3:-[0-9]+}\]: " | not_before "$1" |
      sed -E 's/^.{10,60} sshd(-session)?\[[0-9]+\]: //'
  fi
}

# Both forms of time that syslog writes. A time to come is no proof of anything.
not_before() {
  while IFS= read -r line; do
    stamp=${line%% *}
    case $stamp in *T*) ;; *) stamp=$(printf '%s\n' "$line" | cut -c 1-15) ;; esac
    second=$(date -d "$stamp" +%s 2>/dev/null) || continue
    [ "$second" -ge "$1" ] && [ "$second" -le "$(($(date +%s) + 1))" ] && printf '%s\n' "$line"
  done
}

# --- Refusing the keys -----------------------------------------------------------------------------------------------------

# Adds keys to the file, replacing it as a whole: while sshd cannot read it, it lets nobody in.
write_revoked() {
  (
    flock 9
    awk -v now="$begun" -v kept="$KEPT_SECONDS" '
      NR == FNR { keys[$1 " " $2] = 1; next }
      ($1 " " $2) in keys { next }
      $3 ~ /^latchkey:[0-9]+$/ && now - substr($3, 10) > kept { next }
      { print }
      END { for (key in keys) print key " latchkey:" now }
    ' "$1" "$file" >"$file.new" && chmod 644 "$file.new" && sync "$file.new" && mv -f "$file.new" "$file"
  ) 9>"$STATE/lock"
}

# What was seen of the sshd that runs holds until it, or what it is told, is another.
proof() {
  for listener in $(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/sshd*' 2>/dev/null | cut -d / -f 3); do
    title_of "$listener" | grep -q '\[listener\]' &&
      echo "$listener $(sed 's/.*) //' "/proc/$listener/stat" 2>/dev/null | cut -d ' ' -f 20)"
  done
  printf '%s\n' "$config"
}

# Offers a revoked key, whose private half nobody needs for that, to the sshd that runs. Its log must name the file:
# a refusal alone could have any reason.
is_seen_refused() {
  listen=$(printf '%s\n' "$config" | sed -n 's/^listenaddress //p' | sort | head -n 1)
  host=$(printf '%s\n' "${listen%:*}" | sed -e 's/^0\.0\.0\.0$/127.0.0.1/' -e 's/^\[::\]$/::1/' | tr -d '[]')
  for _ in 1 2 3; do
    offer "$1"
    # A busy sshd turns some away before it has heard what they offer, and a log may take a moment.
    for _ in 1 2 3 4 5; do
      [ -n "$(logged "$((begun - 1))" " $(fingerprint "$1") revoked by file $file")" ] && return 0
      sleep "$PAUSE_SECONDS"
    done
  done
  return 1
}

offer() {
  ssh -n -F /dev/null -i "$1" -p "${listen##*:}" -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \
    -o ConnectTimeout=5 -o PreferredAuthentications=publickey -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o GlobalKnownHostsFile=/dev/null "$os_user@$host" true >/dev/null 2>&1
}

# A key that nobody has any more.
made_for_probes() {
  [ -s "$STATE/probe.pub" ] || {
    ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/probe" && rm -f "$work/probe" && mv "$work/probe.pub" "$STATE/probe.pub"
  }
  echo "$STATE/probe.pub"
}

refuse_keys() {
  file=$(setting revokedkeys)
  [ -n "$file" ] && [ "$file" != none ] || { refused=no_file; return; }
  # Nobody but root may write what decides who is let in.
  [ -n "$(find "$file" -maxdepth 0 -type f -user root ! -perm /022 2>/dev/null)" ] || { refused=not_roots; return; }
  probe=$(made_for_probes)
  cat "$probe" "$work/keys" >"$work/revoked"
  write_revoked "$work/revoked" || { refused=not_written; return; }
  if [ "$(proof)" != "$(cat "$STATE/proof" 2>/dev/null)" ]; then
    rm -f "$STATE/proof"
    is_seen_refused "$probe" || { refused=not_in_force; return; }
    proof >"$STATE/proof"
  fi
  refused=yes
  refused_at=$(date +%s)
}

# --- Other ways in ---------------------------------------------------------------------------------------------------------

may_become_root() {
  command -v sudo >/dev/null && ! sudo -l -U "$os_user" 2>/dev/null | grep -q 'is not allowed to run sudo' && return 0
  id -G -n "$os_user" | tr ' ' '\n' | grep -q -x -E 'root|docker|lxd|disk'
}

find_ways() {
  if may_become_root; then ways=root_rights
  elif [ "$(setting authorizedkeysfile)" != none ]; then ways=authorized_keys
  elif [ "$(setting authenticationmethods)" != publickey ]; then ways=methods
  elif [ "$(setting trustedusercakeys)" != none ]; then ways=certificates
  else ways=one; fi
}

# --- Sessions --------------------------------------------------------------------------------------------------------------

# The sshd processes that watch over one connection of the user each. What a process calls itself says nothing unless it is root's.
watchers() {
  for pid in $(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/sshd*' 2>/dev/null | cut -d / -f 3); do
    case $(title_of "$pid") in "sshd: $os_user [priv]"* | "sshd-session: $os_user [priv]"*) ;; *) continue ;; esac
    awk -v pid="$pid" '$1 == pid && $3 + $4 + $5 + $6 == 0 { found = 1 } END { exit !found }' "$work/processes" && echo "$pid"
  done
}

# Which key opened the connection of process $1: ours, other or unknown.
whose() {
  age=$(ps -o etimes= -p "$1" 2>/dev/null | tr -d ' ')
  [ -n "$age" ] || return
  now=$(date +%s)
  # Whatever began after the keys were refused was let in by none of them.
  if [ "$refused" = yes ] && [ "$((now - age))" -gt "$((refused_at + 1))" ]; then echo other; return; fi
  # The process's own beginning keeps apart what an earlier process of that number has logged.
  accepted=$(logged "$((now - age - 2))" 'Accepted ' "$1" | sed -n -E \
    -e 's#^Accepted publickey for [^ ]+ from [^ ]+ port [0-9]+ ssh2: [A-Z0-9-]+ (SHA256:[A-Za-z0-9+/]{43})$#\1#p' -e t \
    -e 's/^Accepted .*/?/p' | sort -u)
  if printf '%s\n' "$accepted" | grep -q -x -F -f "$work/fingerprints"; then echo ours
  elif [ "${#accepted}" = 50 ]; then echo other
  else echo unknown; fi
}

# Writes down who is to be ended: every process of a session of ours, whatever it has become; and every process of the user,
# in name or by its subordinate ids, that belongs to no session that is to stay.
judge() {
  ps -e -o pid=,ppid=,ruid=,euid=,suid=,fuid=,stat= >"$work/processes"
  grep -s -H . /proc/[0-9]*/sessionid | tr '/:' '  ' | awk '$4 != 4294967295 { print $2, $4 }' >"$work/audited"
  # Below user@ a user makes groups of any name itself.
  grep -s -H -E '(:name=systemd|^0:):.*/session-[^/]*\.scope$' /proc/[0-9]*/cgroup | grep -v user@ | sed -E 's#^/proc/([0-9]+)/[^/]*#\1 #' \
    >"$work/scoped"
  for pid in $(watchers); do echo "$pid $(whose "$pid")"; done >"$work/verdicts"
  awk -v uid="$uid" -v self="$$" -v spares="$([ "$round" -lt "$SPARE_NOBODY_FROM" ] && echo 1)" '
    kind == "subordinate" { split($0, part, ":"); from[++ranges] = part[2]; to[ranges] = part[2] + part[3] - 1; next }
    kind == "verdict" { verdict[$1] = $2 == "other" && spares ? "stay" : "end"; next }
    kind == "audited" { audit[$1] = $2; next }
    kind == "scoped" { scope[$1] = $2; next }
    $7 !~ /^Z/ { parent[$1] = $2; ids[$1] = $3 " " $4 " " $5 " " $6 }
    function is_users(pid,   id, i, r) {
      split(ids[pid], id, " ")
      for (i = 1; i <= 4; i++) {
        if (id[i] == uid) return 1
        for (r = 1; r <= ranges; r++) if (id[i] >= from[r] && id[i] <= to[r]) return 1
      }
      return 0
    }
    # By the tree: what the nearest watching process above it is told.
    function by_tree(pid,   steps) {
      for (steps = 0; pid > 1 && steps < 10000; steps++) {
        if (pid in verdict) return verdict[pid]
        pid = parent[pid]
      }
      return ""
    }
    function put(fate, pid) {
      if (pid in audit) { if (fate == "end") audit_ends[audit[pid]] = 1; else audit_stays[audit[pid]] = 1 }
      if (pid in scope) { if (fate == "end") scope_ends[scope[pid]] = 1; else scope_stays[scope[pid]] = 1 }
    }
    END {
      for (pid = self; pid > 1; pid = parent[pid]) spared[pid] = 1
      spared[1] = 1
      for (pid in parent) if ((tree[pid] = by_tree(pid)) != "" && is_users(pid)) put(tree[pid], pid)
      # What sshd itself and this script belong to is nobody in particular.
      for (pid in verdict) for (up = parent[pid]; up > 0; up = parent[up]) spared[up] = 1
      # Asked for first: to look up what was never set is an error in some kinds of awk.
      for (pid in spared) {
        if (pid in audit) { delete audit_ends[audit[pid]]; delete audit_stays[audit[pid]] }
        if (pid in scope) { delete scope_ends[scope[pid]]; delete scope_stays[scope[pid]] }
      }
      for (pid in parent) {
        fate = tree[pid]
        if (fate == "" && ((pid in audit && audit[pid] in audit_ends) || (pid in scope && scope[pid] in scope_ends))) fate = "end"
        if (fate == "" && ((pid in audit && audit[pid] in audit_stays) || (pid in scope && scope[pid] in scope_stays))) fate = "stay"
        if (fate == "" && is_users(pid)) fate = "end"
        if (fate == "end" && !(pid in spared)) print pid
      }
    }
  ' kind=subordinate "$work/subordinate" kind=verdict "$work/verdicts" kind=audited "$work/audited" \
    kind=scoped "$work/scoped" kind=process "$work/processes" >"$work/doomed"
}

# As the user itself, in one call that nothing it starts meanwhile can slip through.
end_all_of_user() { setpriv --reuid "$uid" --clear-groups sh -c 'kill -s KILL -- -1' 2>/dev/null; }

# What the user has left to be started later.
remove_schedules() {
  rm -f "/var/spool/cron/crontabs/$os_user" "/var/spool/cron/$os_user" "/var/lib/systemd/linger/$os_user"
  find /var/spool/cron/atjobs /var/spool/at -type f -user "$os_user" -exec rm -f {} + 2>/dev/null
}

end_sessions() {
  grep -s -E "^($os_user|$uid):" /etc/subuid >"$work/subordinate"
  : >"$work/ended"
  : >"$work/met"
  round=0 clean=0
  # Twice in a row: what was being started while one looked shows up the second time.
  while [ "$clean" -lt 2 ] && [ "$round" -lt "$ROUNDS" ]; do
    judge
    cat "$work/verdicts" >>"$work/met"
    if [ -s "$work/doomed" ]; then
      clean=0
      if ! grep -q ' other$' "$work/verdicts" || [ "$round" -ge "$SPARE_NOBODY_FROM" ]; then end_all_of_user; fi
      xargs kill -s KILL <"$work/doomed" 2>/dev/null
      cat "$work/doomed" >>"$work/ended"
    else
      clean=$((clean + 1))
      remove_schedules
    fi
    round=$((round + 1))
    sleep "$PAUSE_SECONDS"
  done
  left=$(wc -l <"$work/doomed")
  ended=$(sort -u "$work/ended" | wc -l)
  found=$(grep ' ours$' "$work/met" | sort -u | wc -l)
  unknown=$(grep ' unknown$' "$work/met" | sort -u | wc -l)
}

[ "$refused" = no_sshd ] || { refuse_keys; find_ways; }
[ ! -s "$work/keys" ] || end_sessions
answer
