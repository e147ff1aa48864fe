# C++: templates, threads and exceptions; the compiler's object, byte for byte, and what the program prints.
# needs: g++ ld as
# programs: g++ cc1plus as collect2 ld many
cat >many.cc <<'END'
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

template <int N> struct Row {
  std::map<std::string, std::shared_ptr<std::vector<double>>> cells;
  double fill() {
    double sum = 0;
    for (int i = 0; i < 50; i++) {
      auto &cell = cells[std::to_string(i * N)];
      cell = std::make_shared<std::vector<double>>(i + N, i * 0.5);
      for (double value : *cell) sum += value;
    }
    return sum + Row<N - 1>().fill();
  }
};
template <> struct Row<0> {
  double fill() { return 0; }
};

int main() {
  std::vector<double> sums(4);
  std::vector<std::thread> threads;
  for (auto &sum : sums) threads.emplace_back([&sum] { sum = Row<40>().fill(); });
  for (auto &thread : threads) thread.join();
  for (double sum : sums) std::cout << sum << '\n';
  std::ostringstream text;
  for (int i = 0; i < 2000; i++) text << "item-" << i << (i % 7 ? ' ' : '\n');
  std::istringstream back(text.str());
  std::vector<std::string> words;
  for (std::string word; back >> word;) words.push_back(word);
  std::sort(words.begin(), words.end());
  std::cout << words.size() << ' ' << words[1234] << '\n';
  int caught = 0;
  for (int i = 0; i < 1000; i++) {
    try {
      if (i % 3 == 0) throw std::runtime_error("number " + std::to_string(i));
    } catch (const std::exception &error) {
      caught += static_cast<int>(std::string(error.what()).size());
    }
  }
  std::cout << caught << '\n';
}
END
g++ -std=c++17 -O1 -pthread -c many.cc -o many.o
cksum many.o
g++ -pthread many.o -o many
./many
