# Manual pages. `make man` writes those that the header and the guide have the text of. Included by the Makefile.
MAN := Sources/Packaging/man
MAN_PAGES := Sources/Tool/slabmalloc.1 $(wildcard $(MAN)/*.[1-9])
packages_man := mandoc python3
.PHONY: man check-man
man: $(B)/packages/man ## Write the manual pages anew from the header and the guide
	@python3 $(MAN)/make-pages.py

check-man: $(B)/packages/man ## Manual pages are what the header and the guide say, and mandoc has nothing against them
	@python3 $(MAN)/make-pages.py --check
	@mandoc -T lint -W style $(MAN_PAGES)
	@for function in $$(cat $(B)/api.txt); do grep -q "^.BR $$function ()" $(MAN)/slabmalloc.3 || \
	  { echo "$$function is not in slabmalloc.3"; exit 1; }; done
	@echo "=> $(words $(MAN_PAGES)) manual pages have nothing that mandoc minds"
check-man: $(B)/api.txt
