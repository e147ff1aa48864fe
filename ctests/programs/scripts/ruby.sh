# Ruby: a collection at every few allocations, threads, forks, fibers, strings that grow, big numbers, and the heap's
# compaction.
# needs: ruby
# programs: ruby
cat >work.rb <<'END'
require 'digest'
require 'json'
require 'zlib'

def digest(value) = Digest::SHA256.hexdigest(value.to_s)[0, 16]

def work(seed, rounds)
  table = Hash.new { |hash, key| hash[key] = [] }
  text = +''
  rounds.times do |i|
    seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
    table["key#{seed % 1000}"] << (seed >> 40)
    text << ('w' * (seed % 90))
  end
  again = Zlib.inflate(Zlib.deflate(text))
  raise 'not what was compressed' unless again == text && JSON.parse(JSON.dump(table)) == table
  digest([table.sort, text])
end

GC.stress = true
puts "stress #{work(7, 40)} #{(1..60).map { |i| "#{i}" * i }.join.length}"
GC.stress = false
puts "threads #{(1..8).map { |i| Thread.new { work(i, 4000) } }.map(&:value).join(' ')}"
results = (1..6).map do |i|
  reader, writer = IO.pipe
  pid = fork do
    reader.close
    writer.write(work(i, 3000))
    writer.close
    exit!(0)
  end
  writer.close
  result = reader.read
  Process.wait(pid)
  "#{$?.exitstatus} #{result == work(i, 3000)}"
end
puts "forks #{results.join(', ')}"
puts "fibers #{(1..3000).map { |i| Fiber.new { Fiber.yield('x' * i); i } }.sum { |f| f.resume.length + f.resume }}"
puts "numbers #{digest((1..1500).inject(:*))} #{digest(3**20000)}"
objects = Array.new(200_000) { |i| i.even? ? "string number #{i} that is not embedded in its slot" : [i, i.to_s] }
objects.each_index { |i| objects[i] = nil if i % 3 == 0 }
GC.compact if GC.respond_to?(:compact)
puts "compacted #{objects.compact.length} #{digest(objects.compact.last(1000))}"
objects = nil
5.times { Array.new(300_000) { |i| "s#{i}" }; GC.start }
puts "symbols #{(1..20_000).map { |i| "symbol#{i}".to_sym }.uniq.length}"
puts "regexp #{('ab' * 50_000).gsub(/(a)(b)/) { "#{$2}#{$1}" }.count('a')}"
puts "child #{`#{RbConfig.ruby} -e 'puts 6 * 7'`}"
END
ruby work.rb
