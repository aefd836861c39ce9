# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bash completion for forktally(1). The options come from the program's own help, so that they
# cannot differ from it.
# shellcheck shell=bash

_forktally_options()
{
	"$1" "$2" --help 2>/dev/null | sed -n 's/^ *\(-[a-z], \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p'
}

# The fields of ps, from its help too; top has some more.
_forktally_fields()
{
	{ "$1" ps --help; [ "$2" != top ] || "$1" top --help; } 2>/dev/null | sed -n '/^Fields:/,/^$/{s/^  \([a-z][a-z.]*\)  *[A-Za-z].*/\1/p; s/^    //p}'
}

_forktally()
{
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} i word current previous
	COMPREPLY=()
	current=${COMP_WORDS[COMP_CWORD]}
	previous=${COMP_WORDS[COMP_CWORD - 1]}
	# "--name=val" arrives as three words
	if [ "$current" = = ]; then
		current=
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	if [ "$COMP_CWORD" = 1 ]; then
		local commands
		commands=$("$program" --help 2>/dev/null |
			sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$commands --help --version" -- "$current")
		return
	fi
	if [ "$command" = run ]; then
		# Behind the options stands a command: complete it as if it stood alone.
		for ((i = 2; i < COMP_CWORD; i++)); do
			word=${COMP_WORDS[i]}
			case $word in
			--) i=$((i + 1)) && break ;;
			-o | --output | --record | --source | --color | --timeout | --settle | \
				--objects | --error-exitcode | --junit | --sarif | --folded | --suppress)
				i=$((i + 1))
				[ "${COMP_WORDS[i]}" = = ] && i=$((i + 1))
				;;
			-*) ;;
			*) break ;;
			esac
		done
		if [ "$i" -lt "$COMP_CWORD" ] || [ "${COMP_WORDS[i - 1]}" = -- ]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset "$i"
			elif [ "$i" = "$COMP_CWORD" ]; then
				mapfile -t COMPREPLY < <(compgen -c -- "$current")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
			fi
			return
		fi
	fi
	case $previous in
	--source) mapfile -t COMPREPLY < <(compgen -W "auto bpf proc" -- "$current") ;;
	--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current") ;;
	--defect)
		mapfile -t COMPREPLY < <(compgen -W "$("$program" model --list 2>/dev/null |
			sed -n '/^Defects/,$s/^  \([a-z0-9-]*\) .*/\1/p')" -- "$current")
		;;
	-o | --output | --record | --from | --junit | --sarif | --folded | --suppress)
		if [ "$command" = ps ] || [ "$command" = top ]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_forktally_fields "$program" "$command")" -- "$current")
			return
		fi
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		;;
	-s | --sort | --fields)
		mapfile -t COMPREPLY < <(compgen -W "$(_forktally_fields "$program" "$command")" -- "$current")
		;;
	-u | --user) mapfile -t COMPREPLY < <(compgen -u -- "$current") ;;
	-g | --cgroup) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
	-n | --top | -d | --delay | --interval | --number) ;;
	--cpus | --seed | --limit | --timeout | --for | --settle | --objects | --error-exitcode) ;;
	*)
		case $current in
		-*)
			mapfile -t COMPREPLY < <(compgen -W "$(_forktally_options "$program" "$command")" -- "$current")
			[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
			;;
		*)
			if [ "$command" = run ]; then
				mapfile -t COMPREPLY < <(compgen -c -- "$current")
			elif [[ " attach watch ps explain " == *" $command "* ]]; then
				mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
			fi
			if [ "$command" = model ]; then
				mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W \
					"$("$program" model --list 2>/dev/null |
						sed -n '/^Scenarios/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p')" -- "$current")
			fi
			;;
		esac
		;;
	esac
	return 0
}
complete -F _forktally forktally
