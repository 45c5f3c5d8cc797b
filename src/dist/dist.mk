# Installing and packaging, included by the Makefile. Paths by the usual variables, beneath DESTDIR where one is given.

BINDIR        ?= $(PREFIX)/bin
DATADIR       ?= $(PREFIX)/share
MANDIR        ?= $(DATADIR)/man
DOCDIR        ?= $(DATADIR)/doc/nuncio
SYSCONFDIR    ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR       ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR   ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR   ?= $(PREFIX)/lib/tmpfiles.d
COMPLETIONDIR ?= $(DATADIR)/bash-completion/completions

# What goes where, but the program itself and the defaults, which are the owner's once they are there.
INSTALLED := nuncio.1:$(MANDIR)/man1/nuncio.1 \
             nuncio.conf.5:$(MANDIR)/man5/nuncio.conf.5 \
             nuncio-overview.5:$(MANDIR)/man5/nuncio-overview.5 \
             nuncio.bash:$(COMPLETIONDIR)/nuncio \
             nuncio.service:$(UNITDIR)/nuncio.service \
             nuncio-gemini.socket:$(UNITDIR)/nuncio-gemini.socket \
             nuncio-gopher.socket:$(UNITDIR)/nuncio-gopher.socket \
             nuncio.sysusers:$(SYSUSERSDIR)/nuncio.conf \
             nuncio.tmpfiles:$(TMPFILESDIR)/nuncio.conf \
             welcome.gmi:$(DATADIR)/nuncio/welcome.gmi \
             nuncio.conf:$(DATADIR)/nuncio/nuncio.conf
DEFAULTS  := $(SYSCONFDIR)/default/nuncio

# The files name the paths of a Debian package; these are put in their place.
FILL = sed -e 's|/usr/bin/nuncio|$(BINDIR)/nuncio|g' -e 's|/etc/default/nuncio|$(DEFAULTS)|g'
source = src/dist/$(firstword $(subst :, ,$1))
target = $(DESTDIR)$(lastword $(subst :, ,$1))
put = install -d $(dir $2) && $(FILL) $1 >$2 && chmod 0644 $2

.PHONY: install uninstall deb deb-check manual shell
install: $B/nuncio ## install program, manual, units and completion below $(DESTDIR)$(PREFIX)
	install -D -m 0755 $B/nuncio $(DESTDIR)$(BINDIR)/nuncio
	@set -e; $(foreach f,$(INSTALLED),echo '$(call target,$f)'; $(call put,$(call source,$f),$(call target,$f));)
	@echo '$(DESTDIR)$(DOCDIR)/README.md'; $(call put,README.md,$(DESTDIR)$(DOCDIR)/README.md)
	@if [ -e $(DESTDIR)$(DEFAULTS) ]; then echo 'kept as it is: $(DESTDIR)$(DEFAULTS)'; \
	else echo '$(DESTDIR)$(DEFAULTS)'; $(call put,src/dist/nuncio.default,$(DESTDIR)$(DEFAULTS)); fi

uninstall: ## remove what `make install` has put there, but changed defaults
	rm -f $(DESTDIR)$(BINDIR)/nuncio $(DESTDIR)$(DOCDIR)/README.md $(foreach f,$(INSTALLED),$(call target,$f))
	@if $(FILL) src/dist/nuncio.default | cmp -s - $(DESTDIR)$(DEFAULTS); then rm -f $(DESTDIR)$(DEFAULTS); \
	elif [ -e $(DESTDIR)$(DEFAULTS) ]; then echo 'kept, since it was changed: $(DESTDIR)$(DEFAULTS)'; fi
	@for folder in $(DESTDIR)$(DATADIR)/nuncio $(DESTDIR)$(DOCDIR); do \
	  [ ! -d "$$folder" ] || rmdir --ignore-fail-on-non-empty "$$folder"; done

# ---------------------------------------------------------------- checks, part of lint

manual: | needs ## mandoc on the manual pages
	@mandoc -T lint -W warning src/dist/*.[1-9]

shell: | needs ## shellcheck on what is installed and on the package's scripts
	@shellcheck -e SC1091 -s bash src/dist/nuncio.bash src/dist/check-deb.sh
	@shellcheck -s sh src/dist/debian/nuncio.p*

# ---------------------------------------------------------------- the Debian package

# Debian's tools want a folder of sources with debian/ in it: a copy, so that the repository needs none at its top.
DEB := build/deb
deb: | needs ## a Debian package, into build/deb
	@rm -rf $(DEB)
	@mkdir -p $(DEB)/nuncio-$(VERSION)
	@cp -R Makefile LICENSE README.md src $(DEB)/nuncio-$(VERSION)
	@mv $(DEB)/nuncio-$(VERSION)/src/dist/debian $(DEB)/nuncio-$(VERSION)/debian
	cd $(DEB)/nuncio-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage --build=binary --no-sign
	@! command -v lintian >/dev/null || lintian --allow-root --fail-on error,warning $(DEB)/*.changes

# As root. In a root of its own, from the mirror that apt uses here; minutes.
deb-check: deb ## install, upgrade, remove and purge the package in a throw-away root
	timeout 900 src/dist/check-deb.sh $(DEB)
