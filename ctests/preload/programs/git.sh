# This repository: its log, a blame, diffs, a clone, packing with threads, and a check of every object.
# needs: git
# programs: git
HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
GIT_CONFIG_KEY_1=pack.threads GIT_CONFIG_VALUE_1=2
export HOME GIT_CONFIG_NOSYSTEM GIT_PAGER GIT_CONFIG_COUNT
export GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 GIT_CONFIG_KEY_1 GIT_CONFIG_VALUE_1
# Both runs look at one snapshot, which the first one makes; it may be as shallow as the original.
[ -d "$1/snapshot" ] || git clone -q --bare "file://$ROOT" "$1/snapshot"
git clone -q "file://$1/snapshot" clone
cd clone
git log --stat -p | cksum
git log --graph --format='%h %an %s' -n 20
first=$(git rev-list HEAD | tail -n 1)
git diff --stat "$first" HEAD | tail -n 1
git diff --patience "$first" HEAD | cksum
for file in README.md Makefile include/slabmalloc.h; do git blame "$file" | cksum; done
git grep -n -i 'slab' | cksum
git shortlog -s HEAD
echo 'a line more' >>README.md
git -c user.name=test -c user.email=test@localhost commit -q -a -m 'A line more'
git status --short
git repack -a -d -f -q
git fsck --full --strict --no-progress
git rev-parse 'HEAD^{tree}'
