#!/bin/sh
# fill-in.sh TEMPLATE PREFIX LIBDIR VERSION [TARGET]: prints a package file for what is installed there.
#
# A file finds the others from its own place, so that a whole prefix may be moved. Where LIBDIR is not below PREFIX, the
# file has both paths as they are:
#
#     LIBDIR          PREFIX, seen from a .pc file    LIBDIR, seen from there
#     PREFIX/lib      ${pcfiledir}/../..              ${prefix}/lib
#     PREFIX/lib/x    ${pcfiledir}/../../..           ${prefix}/lib/x
#     elsewhere       PREFIX                          LIBDIR
set -eu
template=$1 prefix=$2 libdir=$3 version=$4 target=${5-}
case $libdir in
  "$prefix"/?*)
    lib=${libdir#"$prefix"/}
    up=$(printf '%s' "$lib" | sed 's|[^/][^/]*|..|g')
    from_pc="\${pcfiledir}/../$up" to_pc="\${prefix}/$lib"
    from_cmake="\${CMAKE_CURRENT_LIST_DIR}/../../$up"
    ;;
  *) from_pc=$prefix to_pc=$libdir from_cmake=$prefix ;;
esac
sed -e "s|@VERSION@|$version|" -e "s|@PC_PREFIX@|$from_pc|" -e "s|@PC_LIBDIR@|$to_pc|" \
  -e "s|@CMAKE_PREFIX@|$from_cmake|" -e "s|@TARGET@|$target|g" "$template"
