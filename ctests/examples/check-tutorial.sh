# Included by check-examples.sh: the steps of the tutorial. Each compiles, and the last one prints what the text says.
# The modules are those of the package that was built for the other examples.
tutorial=$root/Sources/SlabMalloc/SlabMalloc.docc
built=$lib/swift-example/debug
mkdir -p tutorial
compile_step() { # compile_step OUTPUT_MODE FILES...
  ${SWIFTC:-swiftc} -swift-version 6 -warnings-as-errors -parse-as-library -module-name lru -I "$built/Modules" \
    -Xcc -I"$root/include" -Xcc -I"$root/Sources/CSlabPort/include" "$@" >out 2>&1
}
for step in 1 2 3 4; do
  if compile_step -typecheck "$tutorial/Resources/lru-$step.swift"; then
    pass "tutorial: step $step compiles"
  else
    fail "tutorial: step $step does not compile"
    cat out
  fi
done
if compile_step -o tutorial/lru "$tutorial/Resources/lru-4.swift" "$tutorial/Resources/lru-main.swift" \
  "$built"/SlabMalloc.build/*.o "$built"/CSlabPort.build/*.o; then
  sed -n 's/.*It prints `\(.*\)`\.$/\1/p' "$tutorial/Tutorials/LRUCache.tutorial" >printed
  [ -s printed ] || fail 'tutorial: the text does not say what the program prints'
  expect 'tutorial: the program' 0 tutorial/lru <printed
else
  fail 'tutorial: the program does not link'
  cat out
fi
# The package as its first step says, with this copy of slabmalloc.
mkdir -p tutorial/package
if ${SWIFT:-swift} package --package-path tutorial/package init --type executable --name lru >out 2>&1; then
  sed "s,url: \"[^\"]*\"\, from: \"[^\"]*\",name: \"slabmalloc\"\, path: \"$root\"," \
    "$tutorial/Resources/lru-package.txt" >tutorial/package/Package.swift
  if ${SWIFT:-swift} package --package-path tutorial/package describe >out 2>&1; then
    pass 'tutorial: the package'
  else
    fail 'tutorial: the package is not understood'
    cat out
  fi
else
  fail 'tutorial: swift package init'
  cat out
fi
