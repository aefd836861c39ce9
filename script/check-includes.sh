#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# check-includes.sh - facts flow one way: hold every #include against the third column of the
# folder table in doc/design.md, and libbpf to the folders named there.
# Prints each offence; fails when there is one.
# usage: check-includes.sh [ROOT]  (the tests run it on trees with a planted offence)
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

# "folder may may may" for each row of the table; every folder may include itself.
# src/main.c goes with cmd. "libbpf only in ..." is not about folders and handled below.
table=$(awk -F'|' '
	/^\| `src\// {
		may = $(NF - 1)
		sub(/libbpf.*/, "", may)
		sub(/`<forktally.*/, "", may)
		gsub(/event\/event\.h/, "event", may)
		gsub(/[^a-z ]/, " ", may)
		n = split($2, name, "`")
		for (i = 2; i <= n; i += 2)
			if (match(name[i], /^src\/[a-z]+\//)) {
				folder = substr(name[i], 5, RLENGTH - 5)
				print folder, folder, may
			}
	}' doc/design.md)
[ -n "$table" ] || { echo "doc/design.md: no folder table found"; exit 1; }

may_include() # FOLDER TARGET
{
	echo "$table" | awk -v folder="$1" -v target="$2" '
		$1 == folder { for (i = 2; i <= NF; i++) if ($i == target || $i == "all") ok = 1 }
		END { exit !ok }'
}

check_file()
{
	file=$1
	rest=${file#src/}
	case $rest in
	*/*) folder=${rest%%/*} ;;
	*) folder=cmd ;;
	esac
	echo "$table" | grep -q "^$folder " || {
		echo "$file: src/$folder is not in the folder table of doc/design.md"
		return
	}
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\(["<][^">]*\)[">].*/\1/p' "$file" |
	while read -r name; do
		header=${name#?}
		case $name in
		'<bpf/'* | '"bpf/'*.skel.h) # libbpf, and the skeletons that need it
			case $file in
			src/bpf/* | src/source/bpf* | src/source/probe*) ;;
			*) echo "$file: $header: libbpf is only for src/source/bpf and src/source/probe" ;;
			esac ;;
		'<forktally.h')
			case $file in
			src/quota/* | src/source/model*) ;;
			*) echo "$file: $header is only for src/quota and src/source/model" ;;
			esac ;;
		'<'*) ;;
		*/*)	may_include "$folder" "${header%%/*}" ||
				echo "$file: src/$folder must not include $header" ;;
		*)	[ -e "$(dirname "$file")/$header" ] ||
				echo "$file: $header is not beside it: write its path from src/ on" ;;
		esac
	done
}

found=$(find src -name '*.[ch]' | sort | while read -r f; do check_file "$f"; done)
[ -z "$found" ] || { echo "$found"; exit 1; }
