#!/bin/sh
# Start $TESTS_CHROMIUM with the features of every --disable-features in one list: it heeds the last list alone,
# and Playwright gives it one, too.
off=
for argument; do
	case $argument in
		--disable-features=*) off=$off${off:+,}${argument#*=} ;;
	esac
done
exec "$TESTS_CHROMIUM" "$@" "--disable-features=$off"
