# SPDX-License-Identifier: BSD-2-Clause
# style.awk - limits of a function in C: lines, parameters, braces inside each other (its own included). Set f to the file's name.
# A function begins with a line in column 0 and its body with a brace there.

# Without strings, characters and comments.
function bare(s) {
	gsub(/\\./, "", s)
	gsub(/"[^"]*"/, "", s)
	gsub(/'[^']*'/, "", s)
	gsub(/\/\*([^*]|\*[^\/])*\*\//, "", s)
	if (comment) {
		if (s !~ /\*\//)
			return ""
		sub(/.*\*\//, "", s)
		comment = 0
	}
	if (s ~ /\/\*/) {
		sub(/\/\*.*/, "", s)
		comment = 1
	}
	sub(/\/\/.*/, "", s)
	return s
}

# Parameters of the last list in parentheses of s.
function parameters(s, i, c, depth, n) {
	sub(/[^)]*$/, "", s)
	n = 1
	for (i = length(s); i > 0; i--) {
		c = substr(s, i, 1)
		if (c == ")")
			depth++
		else if (c == "(" && --depth == 0)
			return n
		else if (c == "," && depth == 1)
			n++
	}
	return 0
}

{
	line = bare($0)
	if (!start) {
		if (line ~ /^\{/) {
			start = NR
			depth = most = 0
			n = parameters(head)
			if (n > 6)
				printf "%s:%d: %d parameters, 6 are the limit\n", f, NR, n
		} else if (line ~ /^[^ \t#]/) {
			head = head line
			if (line ~ /;[ \t]*$/ || line ~ /^\}/)
				head = ""
		} else {
			head = head line
		}
	}
	if (start) {
		# blocks: values in braces stand inside a line
		if (line ~ /^[ \t]*\}/)
			depth--
		if (line ~ /\{[ \t]*$/ && ++depth > most)
			most = depth
		if (line ~ /^\}/) {
			if (NR - start > 100)
				printf "%s:%d: function of %d lines, 100 are the limit\n", f, start, NR - start
			if (most > 4)
				printf "%s:%d: %d braces inside each other, 4 are the limit\n", f, start, most
			start = 0
			head = ""
		}
	}
}
